// POLL: any descriptor that can be polled, with poll(2)'s own bits. Regular files and directories
// cannot: EPERM, as epoll says it. They are always ready, so there is nothing to wait for.
#include <cerrno>
#include <climits>

#include "origins/descriptor.h"

namespace kevent {
namespace {

constexpr uint32_t kAskable = KEVENT_POLL_POLLIN | KEVENT_POLL_POLLPRI | KEVENT_POLL_POLLOUT |
                              KEVENT_POLL_POLLERR | KEVENT_POLL_POLLHUP | KEVENT_POLL_POLLRDNORM |
                              KEVENT_POLL_POLLRDBAND | KEVENT_POLL_POLLWRNORM | KEVENT_POLL_POLLWRBAND |
                              KEVENT_POLL_POLLMSG | KEVENT_POLL_POLLRDHUP;

class PollOrigin : public DescriptorOrigin {
 protected:
  int descriptor(Kevent& kevent) const override {
    uint32_t fd = kevent.u.id.raw[0];
    return fd > INT_MAX ? -EBADF : static_cast<int>(fd);
  }
  uint32_t to_epoll(uint32_t event) const override { return event & kAskable; }
  uint32_t from_epoll(uint32_t revents, uint32_t) const override { return revents & kAskable; }
};

}  // namespace

constexpr uint32_t kKernels = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND |
                             EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | EPOLLRDHUP;
static_assert(kAskable == kKernels, "the seed's poll bits are the kernel's own");

const Origin& poll_origin() {
  static const PollOrigin origin;
  return origin;
}

}  // namespace kevent
