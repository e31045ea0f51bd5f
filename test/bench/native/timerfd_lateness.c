/*
 * timerfd_lateness COUNT WINDOW_MS SEED
 *
 * COUNT timers at random times of WINDOW_MS that begin 100 ms from now, on one timerfd that is set for
 * the earliest, watched by epoll. Prints one line of JSON: by how many ns each came after the time it was set for.
 */
#include "timerfd.h"

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
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

  struct watched_timer watched = watch_timer();
  uint64_t used = cpu();
  for (size_t i = 0; i < count;) {
    set_timer(watched, due[i], 0);
    if (!timer_wait(watched)) continue;
    for (uint64_t time = now(); i < count && due[i] <= time; i++, time = now()) {
      lateness[i] = (int64_t)(time - due[i]);
    }
  }
  print_lateness(lateness, count, cpu() - used);
  return 0;
}
