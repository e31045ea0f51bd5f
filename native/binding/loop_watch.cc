#include "loop_watch.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "instance.h"

namespace kevent::binding {
namespace {

// A descriptor of our own: the engine closes its one when another thread closes the queue, and the
// event loop must not be left with a number that may by then be something else's. Also, libuv
// refuses to watch one number twice.
int own_loop_fd(int fd, int* loop_fd, Fd* own) {
  *loop_fd = kevent_loop_fd(fd);
  if (*loop_fd < 0) return *loop_fd;
  own->reset(fcntl(*loop_fd, F_DUPFD_CLOEXEC, 0));
  return own->valid() ? 0 : -errno;
}

}  // namespace

int LoopWatch::open_watch(Instance& instance, int fd, WatchListener* listener) {
  Fd own;
  int result = own_loop_fd(fd, &loop_fd_, &own);
  return result < 0 ? result : instance.driver().open(std::move(own), listener, &watch_);
}

void LoopWatch::close() {
  if (watch_) watch_->close();
  watch_ = nullptr;
}

int LoopWatch::follow() {
  if (!usable()) return -EBADF;
  if (kevent_loop_fd(queue_->fd()) == loop_fd_) return 0;
  return Queues::with(*queue_, [this](int fd) {
    Fd own;
    int result = own_loop_fd(fd, &loop_fd_, &own);
    return result < 0 ? result : watch_->replace(std::move(own));
  });
}

}  // namespace kevent::binding
