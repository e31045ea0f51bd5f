/*
 * connect_load PORT PID CONNECTIONS SIZE WARM_MS RUN_MS
 *
 * Keeps CONNECTIONS connections to an echo server open at once: each is connected, sends SIZE bytes,
 * receives them, is closed, and the next is made. Prints one line of JSON as echo_load does; the round
 * trip is from connect to the last byte.
 */
#define _GNU_SOURCE
#include "load.h"

#define BATCH 1024

struct connection {
  int fd;
  int sent;
  size_t received;
  uint64_t began;
};

static int set;
static unsigned made;

static void begin(struct connection *one, int port) {
  one->began = now_ns();
  one->fd = dial(port, made++, SOCK_NONBLOCK);
  one->sent = 0;
  one->received = 0;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = one};
  if (epoll_ctl(set, EPOLL_CTL_ADD, one->fd, &event) < 0) fail("epoll_ctl");
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: connect_load PORT PID CONNECTIONS SIZE WARM_MS RUN_MS\n");
    return 2;
  }
  int port = atoi(argv[1]);
  int count = atoi(argv[3]);
  size_t size = (size_t)atoi(argv[4]);

  static char bytes[1 << 16];
  if (size > sizeof bytes) return 2;
  allow_many_fds();
  set = epoll_create1(EPOLL_CLOEXEC);
  struct connection *all = calloc((size_t)count, sizeof *all);
  for (int i = 0; i < count; i++) begin(&all[i], port);

  static struct measurement measured;
  static struct epoll_event ready[BATCH];
  begin_measurement(&measured, atoi(argv[2]), argv[5], argv[6]);
  for (;;) {
    int n = epoll_wait(set, ready, BATCH, 1000);
    go_on_or_report(&measured);
    for (int i = 0; i < n; i++) {
      struct connection *one = ready[i].data.ptr;
      if (!one->sent && ready[i].events & EPOLLOUT) {
        /* A new socket has room for all of it. */
        if (send(one->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
        one->sent = 1;
      }
      if (ready[i].events & EPOLLIN) {
        ssize_t got = recv(one->fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 0) fail("recv");
        one->received += (size_t)got;
        if (one->received < size) continue;
        record(&measured.latencies, now_ns() - one->began);
        close(one->fd);
        begin(one, port);
      }
    }
  }
}
