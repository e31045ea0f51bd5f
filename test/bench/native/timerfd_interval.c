/*
 * timerfd_interval COUNT PERIOD_US
 *
 * One timerfd with a period, watched by epoll. Prints one line of JSON: by how many ns each of COUNT expirations was
 * read after its time, which is the first one's and so many periods.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static struct timespec split(uint64_t time) {
  return (struct timespec){(time_t)(time / 1000000000), (long)(time % 1000000000)};
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: timerfd_interval COUNT PERIOD_US\n");
    return 2;
  }
  size_t count = (size_t)atoi(argv[1]);
  uint64_t period = (uint64_t)atoi(argv[2]) * 1000;
  int64_t *lateness = malloc(count * sizeof *lateness);
  int loop = epoll_create1(EPOLL_CLOEXEC);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  if (epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event) < 0) {
    perror("epoll_ctl");
    return 1;
  }
  uint64_t begin = now();
  struct itimerspec setting = {split(period), split(begin + period)};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL);
  size_t done = 0;
  for (uint64_t index = 0; done < count;) {
    uint64_t expirations;
    if (epoll_wait(loop, &event, 1, -1) < 1) continue;
    if (read(timer, &expirations, sizeof expirations) != sizeof expirations) continue;
    index += expirations;
    lateness[done++] = (int64_t)(now() - begin - index * period);
  }
  printf("{\"lateness\":[");
  for (size_t i = 0; i < count; i++) printf("%s%lld", i ? "," : "", (long long)lateness[i]);
  printf("]}\n");
  return 0;
}
