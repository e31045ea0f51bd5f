// What a stream needs of a process and of a listening socket, and Node.js does not offer.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "direct_calls.h"
#include "kevent.h"

namespace {

// Neither has a wrapper, or a name, in the oldest C library that we load on.
constexpr long kPidfdOpen = 434;
constexpr int kWaitByPidfd = 3;

}  // namespace

extern "C" {

int kevent_pidfd_open(int pid) {
  // The kernel sets close-on-exec by itself.
  long fd = syscall(kPidfdOpen, pid, 0u);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

int kevent_pid_wait(int pidfd) {
  siginfo_t info = {};
  // WNOWAIT: whoever started the process, libuv as a rule, is to find it as it is.
  if (waitid(static_cast<idtype_t>(kWaitByPidfd), static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
    return -errno;
  }
  if (info.si_pid == 0) return -EAGAIN;
  return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
}

int kevent_accept(int fd, void* address, uint32_t size) {
  for (;;) {
    socklen_t length = size;
    int connection = kevent::accept_from(fd, static_cast<sockaddr*>(address), address ? &length : nullptr,
                                         SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection != -EINTR) return connection;
  }
}

int kevent_accept_many(int fd, int32_t* fds, uint32_t count) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if (!(flags & O_NONBLOCK) || count == 0 || !fds) return -EINVAL;
  uint32_t accepted = 0;
  while (accepted < count) {
    int connection = kevent_accept(fd, nullptr, 0);
    if (connection == -ECONNABORTED) continue;
    if (connection < 0) return accepted > 0 ? static_cast<int>(accepted) : connection;
    fds[accepted++] = connection;
  }
  return static_cast<int>(accepted);
}

}  // extern "C"
