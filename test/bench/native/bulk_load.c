/*
 * bulk_load PORT PID send|receive BYTES BEFORE
 *
 * One connection that carries BYTES one way, and ends: send, to a server that reads and closes when it
 * has all; receive, from a server that sends as much as it wants to and closes. BEFORE other connections have
 * done the same by then. Prints one line of JSON, of the last one: MiB, time, CPU time of the process PID.
 */
#define _GNU_SOURCE
#include "load.h"

static char bytes[1 << 18];

static void send_all(int fd, uint64_t total) {
  for (uint64_t done = 0; done < total;) {
    uint64_t rest = total - done;
    ssize_t n = send(fd, bytes, rest < sizeof bytes ? rest : sizeof bytes, MSG_NOSIGNAL);
    if (n < 0) fail("send");
    done += (uint64_t)n;
  }
  shutdown(fd, SHUT_WR);
  if (recv(fd, bytes, sizeof bytes, 0) != 0) fail("the end of the server's side");
}

static void receive_all(int fd, uint64_t total) {
  uint64_t done = 0;
  for (;;) {
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n < 0) fail("recv");
    if (n == 0) break;
    done += (uint64_t)n;
  }
  if (done == total) return;
  fprintf(stderr, "%llu bytes instead of %llu\n", (unsigned long long)done, (unsigned long long)total);
  exit(1);
}

static void carry(int port, const char *way, uint64_t total) {
  int fd = dial(port, 0, 0);
  if (strcmp(way, "send") == 0) {
    send_all(fd, total);
  } else {
    receive_all(fd, total);
  }
  close(fd);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: bulk_load PORT PID send|receive BYTES BEFORE\n");
    return 2;
  }
  int port = atoi(argv[1]);
  pid_t pid = atoi(argv[2]);
  uint64_t total = strtoull(argv[4], NULL, 10);
  for (int before = atoi(argv[5]); before > 0; before--) carry(port, argv[3], total);
  uint64_t start = now_ns(), server = cpu_ns(pid);
  carry(port, argv[3], total);
  printf("{\"units\":%.3f,\"seconds\":%.6f,\"serverCpuMicroseconds\":%.1f}\n", (double)total / (1 << 20),
         (double)(now_ns() - start) / 1e9, (double)(cpu_ns(pid) - server) / 1e3);
  return 0;
}
