// The TIMER kevents of one queue: a wheel, another for the exact ones, and one timerfd that is armed for their next
// expiry.
#pragma once

#include <memory>

#include "aim.h"
#include "deadline.h"
#include "fd.h"
#include "kevent_table.h"
#include "timer_wheel.h"

namespace kevent {

class Epoll;
class Queue;

class Timers {
 public:
  explicit Timers(KeventTable& table) : table_(table) {}

  // CLOCK_MONOTONIC, read once for all the kevents that one call adds, until it says forget_now().
  uint64_t now();
  void forget_now() { now_ = 0; }
  // 0, or what timerfd_create said.
  int start(Epoll& epoll, Kevent& kevent, uint64_t expires_ns);
  void restart(Kevent& kevent, uint64_t expires_ns);
  void stop(Kevent& kevent);
  // The time has come: what is due has occurred, or the first thousand of it.
  void expire(Queue& queue);
  // Whether it has, or is about to: known without asking the kernel.
  bool due() const { return due_ns_ != UINT64_MAX && monotonic_now() >= due_ns_; }
  // Whether the timerfd has something to say that was not collected yet, or will have.
  bool armed() const { return armed_ns_ != UINT64_MAX; }
  // After changes: the timerfd is set if something is due sooner than it is.
  void arm();

  // Until when an exact timer is to be waited for on the processor, from now on; 0 if none is near, or another thread
  // waits already. Then end_wait(), before anything else is asked.
  uint64_t begin_wait();
  void end_wait();

  size_t memory() const { return (wheel_ ? wheel_->memory() : 0) + (exact_ ? exact_->memory() : 0); }

 private:
  using Wheel = TimerWheel<KeventTable>;

  Wheel& wheel_of(const Kevent& kevent) { return kevent.is(Kevent::kExact) ? *exact_ : *wheel_; }
  bool any_exact() const { return exact_ && exact_->size() > 0; }
  uint64_t next_plain() const;

  KeventTable& table_;
  std::unique_ptr<Wheel> wheel_;  // 40 kB: not before there is a timer
  std::unique_ptr<Wheel> exact_;
  Aim aim_;
  Fd timerfd_;
  uint64_t armed_ns_ = UINT64_MAX;  // what the timerfd is set to
  uint64_t due_ns_ = UINT64_MAX;    // when something is due: later than that for an exact one
  uint64_t not_before_ns_ = 0;
  uint64_t counted_from_ns_ = 0;
  uint32_t counted_ = 0;  // expired since then
  uint64_t now_ = 0;
  uint64_t waiting_since_ns_ = 0;  // a thread waits on the processor
  bool changed_ = false;           // since it was armed
};

}  // namespace kevent
