/*
 * cpu_time PID
 *
 * Prints the CPU time of a process so far, user and system, all threads, in µs.
 */
#define _GNU_SOURCE
#include "load.h"

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: cpu_time PID\n");
    return 2;
  }
  printf("%.1f\n", (double)cpu_ns(atoi(argv[1])) / 1e3);
  return 0;
}
