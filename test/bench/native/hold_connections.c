/*
 * hold_connections PORT COUNT
 *
 * Makes COUNT connections to an echo server, has each carry one message of 64 bytes, prints
 * {"held":COUNT}, and keeps them, silent, until its input ends.
 */
#define _GNU_SOURCE
#include "load.h"

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: hold_connections PORT COUNT\n");
    return 2;
  }
  unsigned count = (unsigned)atoi(argv[2]);
  allow_many_fds();
  dial_all(calloc(count, sizeof(int)), count, atoi(argv[1]), 64);
  printf("{\"held\":%u}\n", count);
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  return 0;
}
