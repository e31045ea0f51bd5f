/*
 * What the loads have in common: the clock, the CPU time of the server that is measured, connecting, and
 * a histogram of latencies.
 */
#ifndef LOAD_H
#define LOAD_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what) {
  perror(what);
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* User and system time of another process, with all its threads, those that have ended included. */
static inline uint64_t cpu_ns(pid_t pid) {
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0) fail("the server's CPU clock");
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline void allow_many_fds(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) fail("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) fail("setrlimit");
}

/* 127.0.0.1 .. 127.0.0.200 by `index`: a closed connection keeps its pair of ports for a minute. */
static inline struct sockaddr_in loopback(int port, unsigned index) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index % 200);
  return address;
}

/* flags: SOCK_NONBLOCK to return before it is connected. */
static inline int dial(int port, unsigned index, int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) fail("socket");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = loopback(port, index);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fail("connect");
  return fd;
}

/*
 * Connects `count` sockets to an echo server and has each carry one message of `size` bytes there and
 * back. A few at a time: past its backlog the server's kernel drops what the client takes for connected.
 */
static inline void dial_all(int *fds, unsigned count, int port, size_t size) {
  enum { TOGETHER = 100 };
  char *message = calloc(1, size);
  for (unsigned first = 0; first < count; first += TOGETHER) {
    unsigned end = first + TOGETHER < count ? first + TOGETHER : count;
    for (unsigned i = first; i < end; i++) {
      fds[i] = dial(port, i, 0);
      if (send(fds[i], message, size, MSG_NOSIGNAL) != (ssize_t)size) fail("the first message");
    }
    for (unsigned i = first; i < end; i++) {
      if (recv(fds[i], message, size, MSG_WAITALL) != (ssize_t)size) fail("the first message's return");
    }
  }
  free(message);
}

/* Latencies in steps of at most 3 %: 32 for each power of two, 64 for the smallest. */
#define STEPS 64
struct histogram {
  uint64_t counts[64 * STEPS];
  uint64_t total;
};

static inline void record(struct histogram *all, uint64_t ns) {
  unsigned power = ns < STEPS ? 0 : 63 - (unsigned)__builtin_clzll(ns) - 5;
  all->counts[power * STEPS + (ns >> power)] += 1;
  all->total += 1;
}

static inline double percentile_us(const struct histogram *all, double percent) {
  uint64_t seen = 0;
  for (unsigned i = 0; i < 64 * STEPS; i++) {
    seen += all->counts[i];
    if (all->total > 0 && (double)seen >= (double)all->total * percent / 100) {
      unsigned power = i / STEPS;
      return (double)((uint64_t)(i % STEPS) << power) / 1000;
    }
  }
  return 0;
}

/* The one line of JSON that a load with latencies ends with. */
static inline void print_load(const struct histogram *all, uint64_t ns, uint64_t server_ns) {
  printf("{\"units\":%llu,\"seconds\":%.6f,\"serverCpuMicroseconds\":%.1f,\"p50\":%.1f,\"p99\":%.1f}\n",
         (unsigned long long)all->total, (double)ns / 1e9, (double)server_ns / 1e3, percentile_us(all, 50),
         percentile_us(all, 99));
}

#endif
