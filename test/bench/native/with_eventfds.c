/*
 * with_eventfds COUNT FIRST WRITER [ARG...] -- RECEIVER [ARG...]
 *
 * Makes COUNT eventfds, numbered FIRST and up, then runs two programs that inherit them: the writer
 * as a child on the second core, the receiver in this process on the first. The writer is killed
 * when the receiver ends. "-" as the writer: none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  /* On a machine with one core the second does not exist: then both share the first. */
  sched_setaffinity(0, sizeof set, &set);
}

int main(int argc, char **argv) {
  int separator = 0;
  for (int i = 3; i < argc && !separator; i++) {
    if (strcmp(argv[i], "--") == 0) separator = i;
  }
  if (separator < 4 || separator + 1 == argc) {
    fprintf(stderr, "usage: with_eventfds COUNT FIRST WRITER [ARG...] -- RECEIVER [ARG...]\n");
    return 2;
  }
  argv[separator] = NULL;
  char **writer = argv + 3;
  char **receiver = argv + separator + 1;

  int count = atoi(argv[1]);
  int first = atoi(argv[2]);
  for (int i = 0; i < count; i++) {
    int fd = eventfd(0, EFD_NONBLOCK);
    if (fd < 0) fail("eventfd");
    if (fd == first + i) continue;
    if (dup2(fd, first + i) < 0) fail("dup2");
    close(fd);
  }

  if (strcmp(writer[0], "-") != 0) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) return 1;
      pin(1);
      execv(writer[0], writer);
      fail(writer[0]);
    }
  }
  pin(0);
  execv(receiver[0], receiver);
  fail(receiver[0]);
}
