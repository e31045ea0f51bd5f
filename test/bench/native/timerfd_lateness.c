/*
 * timerfd_lateness COUNT WINDOW_MS SEED
 *
 * COUNT timers at random times of WINDOW_MS that begin 100 ms from now, on one timerfd that is set for
 * the earliest, watched by epoll. Prints one line of JSON: by how many ns each came after the time it was set for.
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

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void set(int timer, uint64_t due) {
  struct itimerspec setting = {.it_value = {(time_t)(due / 1000000000), (long)(due % 1000000000)}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: timerfd_lateness COUNT WINDOW_MS SEED\n");
    return 2;
  }
  size_t count = (size_t)atoi(argv[1]);
  uint64_t window = (uint64_t)atoi(argv[2]) * 1000000;
  srandom((unsigned)atoi(argv[3]));
  uint64_t *due = malloc(count * sizeof *due);
  int64_t *lateness = malloc(count * sizeof *lateness);
  uint64_t start = now() + 100000000;
  for (size_t i = 0; i < count; i++) due[i] = start + (uint64_t)random() % window;
  qsort(due, count, sizeof *due, ascending);

  int loop = epoll_create1(EPOLL_CLOEXEC);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  if (epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event) < 0) {
    perror("epoll_ctl");
    return 1;
  }
  for (size_t i = 0; i < count;) {
    set(timer, due[i]);
    if (epoll_wait(loop, &event, 1, -1) < 1) continue;
    for (uint64_t time = now(); i < count && due[i] <= time; i++, time = now()) {
      lateness[i] = (int64_t)(time - due[i]);
    }
  }
  printf("{\"lateness\":[");
  for (size_t i = 0; i < count; i++) printf("%s%lld", i ? "," : "", (long long)lateness[i]);
  printf("]}\n");
  return 0;
}
