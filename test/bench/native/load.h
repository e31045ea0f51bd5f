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

/* What a load measures: nothing while the server warms up, then latencies and the server's CPU time. */
struct measurement {
  pid_t server;
  uint64_t warm_ns, run_ns;
  uint64_t start, measured_from, server_from;
  struct histogram latencies;
};

static inline void begin_measurement(struct measurement *all, pid_t server, const char *warm_ms, const char *run_ms) {
  memset(all, 0, sizeof *all);
  all->server = server;
  all->warm_ns = (uint64_t)atoi(warm_ms) * 1000000;
  all->run_ns = (uint64_t)atoi(run_ms) * 1000000;
  all->start = now_ns();
}

/* Ends the process, with one line of JSON, when the time is over. */
static inline void go_on_or_report(struct measurement *all) {
  uint64_t time = now_ns();
  if (all->measured_from == 0 && time - all->start >= all->warm_ns) {
    memset(&all->latencies, 0, sizeof all->latencies);
    all->measured_from = time;
    all->server_from = cpu_ns(all->server);
  }
  if (all->measured_from == 0 || time - all->measured_from < all->run_ns) return;
  const struct histogram *latencies = &all->latencies;
  printf("{\"units\":%llu,\"seconds\":%.6f,\"serverCpuMicroseconds\":%.1f,\"p50\":%.1f,\"p99\":%.1f}\n",
         (unsigned long long)latencies->total, (double)(time - all->measured_from) / 1e9,
         (double)(cpu_ns(all->server) - all->server_from) / 1e3, percentile_us(latencies, 50),
         percentile_us(latencies, 99));
  exit(latencies->total > 0 ? 0 : 1);
}

#endif
