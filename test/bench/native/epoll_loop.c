/*
 * epoll_loop FIRST COUNT et|level|read WARM_MS RUN_MS
 *
 * The least that a program in C can do to receive events of the eventfds FIRST .. FIRST + COUNT - 1:
 * epoll_wait, and a look at each event's fd. read: level-triggered, and each eventfd is drained.
 * Prints one line of JSON: events, batches, CPU time (user + system) in µs, all after WARM_MS.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BATCH 4096

static uint64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static uint64_t cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: epoll_loop FIRST COUNT et|level|read WARM_MS RUN_MS\n");
    return 2;
  }
  int first = atoi(argv[1]);
  int count = atoi(argv[2]);
  int drain = strcmp(argv[3], "read") == 0;
  uint32_t trigger = strcmp(argv[3], "et") == 0 ? EPOLLET : 0;
  uint64_t warm_end = now_ms() + (uint64_t)atoi(argv[4]);
  uint64_t end = warm_end + (uint64_t)atoi(argv[5]);

  int set = epoll_create1(EPOLL_CLOEXEC);
  for (int fd = first; fd < first + count; fd++) {
    struct epoll_event event = {.events = EPOLLIN | trigger, .data.fd = fd};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) {
      perror("epoll_ctl");
      return 1;
    }
  }

  static struct epoll_event ready[BATCH];
  uint64_t events = 0, batches = 0, cpu = cpu_us(), sum = 0;
  int warm = 0;
  for (;;) {
    int n = epoll_wait(set, ready, BATCH, 100);
    for (int i = 0; i < n; i++) {
      sum += (uint64_t)ready[i].data.fd;
      if (drain) {
        uint64_t value;
        if (read(ready[i].data.fd, &value, sizeof value) == sizeof value) sum += value;
      }
    }
    if (n > 0) {
      events += (uint64_t)n;
      batches++;
    }
    uint64_t time = now_ms();
    if (!warm && time >= warm_end) {
      warm = 1;
      events = batches = 0;
      cpu = cpu_us();
    }
    if (time >= end) break;
  }
  printf("{\"events\":%llu,\"batches\":%llu,\"cpuMicroseconds\":%llu,\"sum\":%llu}\n", (unsigned long long)events,
         (unsigned long long)batches, (unsigned long long)(cpu_us() - cpu), (unsigned long long)sum);
  return 0;
}
