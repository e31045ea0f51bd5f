/*
 * What the programs on timerfd have in common: the clock, a timer watched by epoll, and how they report.
 */
#ifndef TIMERFD_H
#define TIMERFD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* CPU time of this process so far. */
static inline uint64_t cpu(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline struct timespec split(uint64_t time) {
  return (struct timespec){(time_t)(time / 1000000000), (long)(time % 1000000000)};
}

struct watched_timer {
  int loop, timer;
};

static inline struct watched_timer watch_timer(void) {
  struct watched_timer all = {epoll_create1(EPOLL_CLOEXEC), timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  if (epoll_ctl(all.loop, EPOLL_CTL_ADD, all.timer, &event) < 0) {
    perror("epoll_ctl");
    exit(1);
  }
  return all;
}

/* period 0: once. */
static inline void set_timer(struct watched_timer all, uint64_t due, uint64_t period) {
  struct itimerspec setting = {split(period), split(due)};
  timerfd_settime(all.timer, TFD_TIMER_ABSTIME, &setting, NULL);
}

/* False: ask again. */
static inline int timer_wait(struct watched_timer all) {
  struct epoll_event event;
  return epoll_wait(all.loop, &event, 1, -1) == 1;
}

/* used: CPU time for all of them; printed in us for each. */
static inline void print_lateness(const int64_t *lateness, size_t count, uint64_t used) {
  printf("{\"cpu\":%.3f,\"lateness\":[", (double)used / 1e3 / (double)count);
  for (size_t i = 0; i < count; i++) printf("%s%lld", i ? "," : "", (long long)lateness[i]);
  printf("]}\n");
}

#endif
