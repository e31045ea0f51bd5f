// Two connected stream sockets: `a` is the one a queue is told about, `b` its peer.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "check.h"

namespace check {

struct SocketPair {
  int a, b;
  SocketPair() {
    int fds[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    a = fds[0];
    b = fds[1];
  }
  ~SocketPair() {
    close_a();
    close_b();
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  void close_a() { shut(a); }
  void close_b() { shut(b); }
  // The peer writes.
  void say(const std::string& bytes) const {
    CHECK_EQ(write(b, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  // Nothing more can be written to `a`.
  void fill() const {
    char bytes[4096] = {};
    while (write(a, bytes, sizeof bytes) > 0) continue;
  }

 private:
  static void shut(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

}  // namespace check

using check::SocketPair;
