// SOCKET: RECV, ACCEPT and SEND on a socket. The end of the peer's data (RDHUP) comes with RECV,
// errors and hang-ups always: a SEND that can never succeed is reported, not waited for (B29).
#include <sys/stat.h>

#include <cerrno>
#include <climits>

#include "origins/descriptor.h"

namespace kevent {
namespace {

class SocketOrigin : public DescriptorOrigin {
 protected:
  int descriptor(Kevent& kevent) const override {
    uint32_t fd = kevent.u.id.raw[0];
    struct stat status;
    if (fd > INT_MAX || fstat(static_cast<int>(fd), &status) < 0) return -EBADF;
    return S_ISSOCK(status.st_mode) ? static_cast<int>(fd) : -ENOTSOCK;
  }

  uint32_t to_epoll(uint32_t event) const override {
    uint32_t events = 0;
    if (event & (KEVENT_SOCKET_RECV | KEVENT_SOCKET_ACCEPT)) events |= EPOLLIN;
    if (event & KEVENT_SOCKET_RECV) events |= EPOLLRDHUP;
    if (event & KEVENT_SOCKET_SEND) events |= EPOLLOUT;
    return events;
  }

  uint32_t from_epoll(uint32_t revents, uint32_t event) const override {
    uint32_t ready = revents & (EPOLLERR | EPOLLHUP | EPOLLRDHUP);
    if (revents & EPOLLIN) ready |= event & (KEVENT_SOCKET_RECV | KEVENT_SOCKET_ACCEPT);
    if (revents & EPOLLOUT) ready |= event & KEVENT_SOCKET_SEND;
    return ready;
  }
};

}  // namespace

constexpr uint32_t kAdded = KEVENT_SOCKET_ERR | KEVENT_SOCKET_HUP | KEVENT_SOCKET_RDHUP;
constexpr uint32_t kKernels = EPOLLERR | EPOLLHUP | EPOLLRDHUP;
static_assert(kAdded == kKernels, "the bits we added are the kernel's own");

const Origin& socket_origin() {
  static const SocketOrigin origin;
  return origin;
}

}  // namespace kevent
