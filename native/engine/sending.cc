// What leaves through a descriptor, without waiting and without SIGPIPE.
#include <fcntl.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "direct_calls.h"
#include "kevent.h"

namespace {

// Only sockets can be told not to raise SIGPIPE. For everything else it is held back, and taken away if it was us.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigset_t pending;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    constexpr timespec at_once = {0, 0};
    int error = errno;
    if (raised_ && !was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

  void raised() { raised_ = true; }

 private:
  sigset_t pipe_, before_;
  bool was_pending_;
  bool raised_ = false;
};

template <class Call>
int64_t quietly(Call call) {
  NoSigpipe quiet;
  int64_t result = call();
  if (result >= 0) return result;
  int error = errno;
  if (error == EPIPE) quiet.raised();
  return -error;
}

int64_t write_to(int fd, const iovec* iov, int count) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if (!(flags & O_NONBLOCK)) return -EINVAL;
  return quietly([&] { return writev(fd, iov, count); });
}

int64_t send_entry(const kevent_send& entry) {
  if (entry.count == 0) return 0;
  if (!entry.iov) return -EFAULT;
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  uint32_t count = std::min(entry.count, KEVENT_NAIO_MAX_IOV);
  for (;;) {
    ssize_t sent;
    if (count == 1) {
      sent = kevent::send_to(entry.fd, entry.iov->iov_base, entry.iov->iov_len, kFlags);
    } else {
      msghdr message = {};
      message.msg_iov = const_cast<iovec*>(entry.iov);
      message.msg_iovlen = count;
      sent = sendmsg(entry.fd, &message, kFlags);
      if (sent < 0) sent = -errno;
    }
    if (sent >= 0) return sent;
    if (sent == -ENOTSOCK) return write_to(entry.fd, entry.iov, static_cast<int>(count));
    if (sent != -EINTR) return sent;
  }
}

}  // namespace

extern "C" {

int kevent_naio_send(uint32_t count, kevent_send* sends) {
  if (count > 0 && !sends) return -EFAULT;
  if (count > INT_MAX) return -EINVAL;
  for (uint32_t i = 0; i < count; i++) sends[i].result = send_entry(sends[i]);
  return static_cast<int>(count);
}

int kevent_sendfile(int out, int in, int64_t offset, uint32_t count) {
  if (offset < -1) return -EINVAL;
  off_t position = offset;
  uint32_t most = std::min<uint32_t>(count, INT_MAX);
  return static_cast<int>(quietly([&] { return sendfile(out, in, offset < 0 ? nullptr : &position, most); }));
}

}  // extern "C"
