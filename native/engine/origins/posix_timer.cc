// POSIX_TIMER: a timer of kevent_timer_create, which has its clock, first expiry and interval to
// itself. Periodic ones stay (B15), every expiry is counted, and ids are handles, not addresses.
#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>

#include "origins/descriptor.h"
#include "pollers/posix_timers.h"
#include "queue.h"

namespace kevent {
namespace {

struct PosixTimerExtra : Extra {
  std::shared_ptr<Fd> fd;  // outlives kevent_timer_delete
  int handle = 0;
  ~PosixTimerExtra() override { PosixTimers::instance().release(handle); }
};

class PosixTimerOrigin : public DescriptorOrigin {
 public:
  int enqueue(Queue& queue, Kevent& kevent) const override {
    int result = DescriptorOrigin::enqueue(queue, kevent);
    if (result > 0) check(queue, kevent);
    return result;
  }

  bool always_check() const override { return true; }

  // Reading takes the count, so this is asked once per delivery, at the last moment. A timer that
  // was set anew since it fired has nothing to say.
  bool check(Queue&, Kevent& kevent) const override {
    int64_t expirations = posix_timer_read(kevent.fd);
    kevent.u.ret_data[0] = expirations > 0 ? static_cast<uint32_t>(std::min<int64_t>(expirations, UINT32_MAX)) : 0;
    kevent.u.ret_data[1] = expirations == -ECANCELED ? KEVENT_TIMER_STEPPED : 0;
    return expirations > 0 || expirations == -ECANCELED || kevent.pending > 0;
  }

  void deliver(Queue& queue, Kevent& kevent, ukevent& out) const override {
    uint32_t how = kevent.u.ret_data[1];
    DescriptorOrigin::deliver(queue, kevent, out);
    out.ret_data[1] = how;
    kevent.u.ret_data[1] = 0;
    kevent.pending = 0;
  }

 protected:
  int descriptor(Kevent& kevent) const override {
    if (kevent.u.id.raw_u64 > INT_MAX) return -EINVAL;
    auto extra = std::make_unique<PosixTimerExtra>();
    int handle = static_cast<int>(kevent.u.id.raw_u64);
    int error = PosixTimers::instance().claim(handle, &extra->fd);
    if (error < 0) return error;
    extra->handle = handle;
    int fd = extra->fd->get();
    kevent.extra = extra.release();
    return fd;
  }
  uint32_t to_epoll(uint32_t) const override { return EPOLLIN; }
  uint32_t from_epoll(uint32_t, uint32_t) const override { return 0; }
};

}  // namespace

const Origin& posix_timer_origin() {
  static const PosixTimerOrigin origin;
  return origin;
}

bool is_descriptor(uint32_t type) {
  return type == KEVENT_SOCKET || type == KEVENT_NAIO || type == KEVENT_PIPE || type == KEVENT_POLL ||
         type == KEVENT_POSIX_TIMER;
}

const DescriptorOrigin& descriptor_origin(uint32_t type) {
  return static_cast<const DescriptorOrigin&>(*origin_of(type));
}

}  // namespace kevent
