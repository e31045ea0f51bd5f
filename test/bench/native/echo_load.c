/*
 * echo_load PORT PID CONNECTIONS SIZE DEPTH WARM_MS RUN_MS
 *
 * Keeps DEPTH messages of SIZE bytes under way on each of CONNECTIONS connections to an echo server.
 * Prints one line of JSON: messages that came back, CPU time of the process PID, p50 and p99 of a
 * message's round trip in µs, all after WARM_MS.
 */
#define _GNU_SOURCE
#include "load.h"

#define BATCH 1024

static char bytes[1 << 20];

struct connection {
  int fd;
  uint64_t received; /* of the message that is coming back */
  uint64_t owed;     /* bytes that the kernel did not take yet */
  uint64_t *sent_at; /* a ring of DEPTH */
  uint32_t oldest;
};

static void push(struct connection *one) {
  while (one->owed > 0) {
    size_t length = one->owed < sizeof bytes ? one->owed : sizeof bytes;
    ssize_t n = send(one->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("send");
    one->owed -= (uint64_t)n;
  }
}

/* Reads until nothing is left. */
static void pull(struct connection *one) {
  static char incoming[1 << 18];
  for (;;) {
    ssize_t n = recv(one->fd, incoming, sizeof incoming, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("recv");
    if (n == 0) {
      fprintf(stderr, "the server closed a connection\n");
      exit(1);
    }
    one->received += (uint64_t)n;
    if ((size_t)n < sizeof incoming) return;
  }
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: echo_load PORT PID CONNECTIONS SIZE DEPTH WARM_MS RUN_MS\n");
    return 2;
  }
  int port = atoi(argv[1]);
  unsigned count = (unsigned)atoi(argv[3]);
  uint64_t size = (uint64_t)atoi(argv[4]);
  uint32_t depth = (uint32_t)atoi(argv[5]);

  allow_many_fds();
  memset(bytes, 'k', sizeof bytes);
  int set = epoll_create1(EPOLL_CLOEXEC);
  struct connection *all = calloc(count, sizeof *all);
  int *fds = calloc(count, sizeof *fds);
  dial_all(fds, count, port, size);
  for (unsigned i = 0; i < count; i++) {
    all[i].fd = fds[i];
    all[i].sent_at = calloc(depth, sizeof(uint64_t));
    /* Edge-triggered: what is ready is read until nothing is left, and EPOLLOUT costs nothing. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &all[i]};
    if (epoll_ctl(set, EPOLL_CTL_ADD, all[i].fd, &event) < 0) fail("epoll_ctl");
  }
  static struct measurement measured;
  begin_measurement(&measured, atoi(argv[2]), argv[6], argv[7]);
  for (unsigned i = 0; i < count; i++) {
    for (uint32_t d = 0; d < depth; d++) all[i].sent_at[d] = now_ns();
    all[i].owed = depth * size;
    push(&all[i]);
  }

  static struct epoll_event ready[BATCH];
  for (;;) {
    int n = epoll_wait(set, ready, BATCH, 1000);
    go_on_or_report(&measured);
    for (int i = 0; i < n; i++) {
      struct connection *one = ready[i].data.ptr;
      if (ready[i].events & EPOLLIN) {
        pull(one);
        uint64_t time = now_ns();
        while (one->received >= size) {
          one->received -= size;
          record(&measured.latencies, time - one->sent_at[one->oldest]);
          one->sent_at[one->oldest] = time;
          one->oldest = (one->oldest + 1) % depth;
          one->owed += size;
        }
      }
      if (one->owed > 0) push(one);
    }
  }
}
