/*
 * timerfd_interval COUNT PERIOD_US
 *
 * One timerfd with a period, watched by epoll. Prints one line of JSON: by how many ns each of COUNT expirations was
 * read after its time, which is the first one's and so many periods.
 */
#include "timerfd.h"

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: timerfd_interval COUNT PERIOD_US\n");
    return 2;
  }
  size_t count = (size_t)atoi(argv[1]);
  uint64_t period = (uint64_t)atoi(argv[2]) * 1000;
  int64_t *lateness = malloc(count * sizeof *lateness);
  struct watched_timer watched = watch_timer();
  uint64_t begin = now();
  set_timer(watched, begin + period, period);
  uint64_t used = cpu();
  size_t done = 0;
  for (uint64_t index = 0; done < count;) {
    uint64_t expirations;
    if (!timer_wait(watched)) continue;
    if (read(watched.timer, &expirations, sizeof expirations) != sizeof expirations) continue;
    index += expirations;
    lateness[done++] = (int64_t)(now() - begin - index * period);
  }
  print_lateness(lateness, count, cpu() - used);
  return 0;
}
