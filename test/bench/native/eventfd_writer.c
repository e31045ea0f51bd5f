/*
 * eventfd_writer FIRST COUNT WIDTH RATE
 *
 * Writes eventfds FIRST .. FIRST + COUNT - 1 at random until it is killed. WIDTH 0: only writes, the
 * receiver may read or not. WIDTH n: takes each write back, by a read, n writes later, so that about
 * n eventfds are readable at any time. RATE: writes a second, evenly spaced; 0: as fast as it can.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint32_t xorshift(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: eventfd_writer FIRST COUNT WIDTH RATE\n");
    return 2;
  }
  int first = atoi(argv[1]);
  uint32_t count = (uint32_t)atoi(argv[2]);
  uint32_t width = (uint32_t)atoi(argv[3]);
  uint32_t rate = (uint32_t)atoi(argv[4]);
  uint64_t gap = rate ? 1000000000 / rate : 0;

  int *window = width ? malloc(width * sizeof *window) : NULL;
  for (uint32_t i = 0; i < width; i++) window[i] = -1;
  uint32_t state = 2463534242u;
  uint64_t due = now();
  for (uint64_t n = 0;; n++) {
    int fd = first + (int)(xorshift(&state) % count);
    uint64_t value = 1;
    if (write(fd, &value, sizeof value) < 0) continue; /* full: nobody reads, and it is readable anyway */
    if (width) {
      int *place = &window[n % width];
      /* Fails when the same eventfd was drawn twice and is drained already. */
      if (*place >= 0 && read(*place, &value, sizeof value) < 0) value = 0;
      *place = fd;
    }
    if (gap) {
      due += gap;
      while (now() < due) continue;
    }
  }
}
