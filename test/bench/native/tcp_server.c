/*
 * tcp_server echo
 * tcp_server sink
 * tcp_server source BYTES
 *
 * The least that a program in C can do to serve: one level-triggered epoll loop. echo: sends back what
 * it receives; sink: reads it and closes at the end; source: sends BYTES and closes. Prints {"port":N} and
 * serves until it is killed.
 */
#define _GNU_SOURCE
#include "load.h"

#define BATCH 1024
#define CHUNK (64 * 1024)

struct connection {
  int fd;
  uint64_t owed;  /* source: bytes still to send; echo: those in rest */
  char *rest;     /* echo: what the kernel did not take */
  uint32_t asked; /* the epoll events that are on */
};

static int set;
static char chunk[CHUNK];

static void ask(struct connection *one, uint32_t events) {
  if (one->asked == events) return;
  struct epoll_event event = {.events = events, .data.ptr = one};
  if (epoll_ctl(set, one->asked == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, one->fd, &event) < 0) fail("epoll_ctl");
  one->asked = events;
}

static void end(struct connection *one) {
  close(one->fd);
  free(one->rest);
  free(one);
}

/* Sends on what is owed; answers how much of it the kernel took, or -1 if the peer is gone. */
static int64_t push(struct connection *one, const char *from) {
  int64_t taken = 0;
  while (one->owed > 0) {
    uint64_t length = from == chunk && one->owed > CHUNK ? CHUNK : one->owed;
    ssize_t n = send(one->fd, from == chunk ? chunk : from + taken, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return -1;
    taken += n;
    one->owed -= (uint64_t)n;
  }
  return taken;
}

static void serve_source(struct connection *one) {
  if (push(one, chunk) < 0 || one->owed == 0) return end(one);
  ask(one, EPOLLOUT);
}

static void serve_echo(struct connection *one) {
  if (one->rest != NULL) {
    int64_t taken = push(one, one->rest);
    if (taken < 0) return end(one);
    memmove(one->rest, one->rest + taken, one->owed);
    if (one->owed > 0) return;
    free(one->rest);
    one->rest = NULL;
    return ask(one, EPOLLIN);
  }
  static char incoming[CHUNK];
  ssize_t n = recv(one->fd, incoming, CHUNK, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return end(one);
  one->owed = (uint64_t)n;
  int64_t taken = push(one, incoming);
  if (taken < 0) return end(one);
  if (one->owed == 0) return;
  one->rest = malloc(one->owed);
  memcpy(one->rest, incoming + taken, one->owed);
  ask(one, EPOLLOUT);
}

static void serve_sink(struct connection *one) {
  ssize_t n = recv(one->fd, chunk, CHUNK, MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN)) end(one);
}

int main(int argc, char **argv) {
  int source = argc == 3 && strcmp(argv[1], "source") == 0;
  int sink = argc == 2 && strcmp(argv[1], "sink") == 0;
  if (!source && !sink && !(argc == 2 && strcmp(argv[1], "echo") == 0)) {
    fprintf(stderr, "usage: tcp_server echo | sink | source BYTES\n");
    return 2;
  }
  void (*serve)(struct connection *) = source ? serve_source : sink ? serve_sink : serve_echo;
  uint64_t bytes = source ? strtoull(argv[2], NULL, 10) : 0;

  allow_many_fds();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 511) < 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);

  set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(set, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll_ctl");
  static struct epoll_event ready[BATCH];
  for (;;) {
    int n = epoll_wait(set, ready, BATCH, -1);
    for (int i = 0; i < n; i++) {
      if (ready[i].data.ptr != NULL) {
        serve(ready[i].data.ptr);
        continue;
      }
      for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) break;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *one = calloc(1, sizeof *one);
        one->fd = fd;
        one->owed = bytes;
        ask(one, source ? EPOLLOUT : EPOLLIN);
      }
    }
  }
}
