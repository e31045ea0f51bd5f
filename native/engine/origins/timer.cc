// TIMER: id is seconds and nanoseconds, from ADD on or, with FIRST, from a time that it says; again and again unless
// ONESHOT.
//
// A due timer leaves the wheel until it is delivered: then the periods that have passed are
// counted at once, and the next expiry follows from the first one, so nothing drifts and a slow
// reader costs no wake-ups.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "origins/origin.h"
#include "queue.h"

namespace kevent {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kMillisecond = 1000000;
constexpr uint64_t kNever = uint64_t{1} << 62;  // 146 years, and what follows from it does not overflow

uint64_t period(const Kevent& kevent) {
  return kevent.u.id.raw[0] * kSecond + kevent.u.id.raw[1];
}

class TimerOrigin : public Origin {
 public:
  int enqueue(Queue& queue, Kevent& kevent) const override {
    if (kevent.u.id.raw[1] >= kSecond) return -EINVAL;
    if (period(kevent) == 0 && !kevent.wants(KEVENT_REQ_ONESHOT)) return -EINVAL;
    uint64_t first = 0;
    if (kevent.u.event & KEVENT_TIMER_FIRST) {
      memcpy(&first, kevent.u.ret_data, sizeof first);
      kevent.u.ret_data[0] = kevent.u.ret_data[1] = 0;
    }
    uint64_t expires = first > 0 ? std::min(first, kNever) : queue.timers().now() + period(kevent);
    return queue.timers().start(queue.epoll(), kevent, expires);
  }

  void dequeue(Queue& queue, Kevent& kevent) const override { queue.timers().stop(kevent); }

  int modify(Queue& queue, Kevent& kevent, const ukevent& before) const override {
    if (period(kevent) == 0 && !kevent.wants(KEVENT_REQ_ONESHOT)) {
      kevent.u.req_flags = before.req_flags;
      kevent.u.event = before.event;
      return -EINVAL;
    }
    bool other_wheel = (kevent.u.event ^ before.event) & KEVENT_TIMER_EXACT;
    if (other_wheel && kevent.wheel.bucket != kNotInWheel) {
      queue.timers().stop(kevent);
      queue.timers().restart(kevent, kevent.wheel.expires_ns);
    }
    return 0;
  }

  bool check(Queue&, Kevent& kevent) const override { return kevent.pending > 0; }

  void deliver(Queue& queue, Kevent& kevent, ukevent& out) const override {
    uint64_t count = kevent.pending;
    uint64_t expiry = kevent.wheel.expires_ns;
    if (kevent.wheel.bucket == kNotInWheel && kevent.is(Kevent::kDue)) {
      uint64_t periods = 1;
      uint64_t span = period(kevent);
      if (!kevent.wants(KEVENT_REQ_ONESHOT)) {
        uint64_t now = monotonic_now();
        periods += (now - expiry) / span;
        expiry += (periods - 1) * span;
        queue.timers().restart(kevent, expiry + span);
      }
      count += periods - 1;  // one of them is in pending
      kevent.state &= ~Kevent::kDue;
    }
    out.ret_data[0] = static_cast<uint32_t>(std::min<uint64_t>(count, UINT32_MAX));
    out.ret_data[1] = static_cast<uint32_t>(expiry / kMillisecond);
    kevent.pending = 0;
  }
};

}  // namespace

const Origin& timer_origin() {
  static const TimerOrigin origin;
  return origin;
}

void Timers::expire(Queue& queue) {
  // The others are better left in the wheel: a thread that was busy for a second may find a hundred thousand due,
  // and those that wait to be delivered would have left the cache by then.
  constexpr uint32_t kMost = 1024;
  // Setting a timerfd costs as much as delivering twenty timers. Where they are dense, each
  // expiry waits for some more, half a millisecond at the most; where they are sparse, for none.
  constexpr uint32_t kDense = 16;
  constexpr uint64_t kWaitPerTimer = 2000;
  constexpr uint64_t kLongestWait = 500000;

  uint64_t now = monotonic_now();
  if (any_exact() && armed_ns_ <= now) aim_.woken(now - armed_ns_);
  armed_ns_ = due_ns_ = UINT64_MAX;
  changed_ = true;
  uint32_t count = 0;
  auto expired = [&](uint32_t index) {
    Kevent& kevent = table_.at(index);
    kevent.state |= Kevent::kDue;
    kevent.pending++;
    queue.occurred(kevent);
    count++;
  };
  bool all = !exact_ || exact_->advance(now, kMost, expired);
  count = 0;
  all = (!wheel_ || wheel_->advance(now, kMost, expired)) && all;
  // While the first are delivered some more become due, and are few: they do not make the others sparse.
  if (now - counted_from_ns_ > kLongestWait) {
    counted_from_ns_ = now;
    counted_ = 0;
  }
  counted_ += count;
  not_before_ns_ = !all || counted_ < kDense ? 0 : now + std::min(counted_ * kWaitPerTimer, kLongestWait);
}

}  // namespace kevent
