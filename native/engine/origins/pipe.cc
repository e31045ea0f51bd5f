// PIPE: RECV and SEND on a pipe or FIFO. The end of file of an empty pipe is a hang-up without
// data: reported (B30). A pipe that nobody reads any more reports ERR to its writer.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>

#include "origins/descriptor.h"

namespace kevent {
namespace {

class PipeOrigin : public DescriptorOrigin {
 protected:
  int descriptor(Kevent& kevent) const override {
    uint32_t fd = kevent.u.id.raw[0];
    struct stat status;
    if (fd > INT_MAX || fstat(static_cast<int>(fd), &status) < 0) return -EBADF;
    if (!S_ISFIFO(status.st_mode)) return -EINVAL;
    int access = fcntl(static_cast<int>(fd), F_GETFL) & O_ACCMODE;
    bool reads = kevent.u.event & KEVENT_SOCKET_RECV;
    bool writes = kevent.u.event & KEVENT_SOCKET_SEND;
    // The wrong end never becomes ready: say so now, unless everything was asked for.
    if (reads != writes && access == (reads ? O_WRONLY : O_RDONLY)) return -EBADF;
    return static_cast<int>(fd);
  }

  uint32_t to_epoll(uint32_t event) const override {
    uint32_t events = 0;
    if (event & KEVENT_SOCKET_RECV) events |= EPOLLIN;
    if (event & KEVENT_SOCKET_SEND) events |= EPOLLOUT;
    return events;
  }

  uint32_t from_epoll(uint32_t revents, uint32_t event) const override {
    uint32_t ready = revents & (EPOLLERR | EPOLLHUP);
    if (revents & EPOLLIN) ready |= event & KEVENT_SOCKET_RECV;
    if (revents & EPOLLOUT) ready |= event & KEVENT_SOCKET_SEND;
    return ready;
  }
};

}  // namespace

const Origin& pipe_origin() {
  static const PipeOrigin origin;
  return origin;
}

}  // namespace kevent
