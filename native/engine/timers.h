// The TIMER kevents of one queue: a wheel, and one timerfd that is armed for its next expiry.
#pragma once

#include <memory>

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

  // CLOCK_MONOTONIC, read once for all the kevents that one call adds.
  uint64_t now();
  // 0, or what timerfd_create said.
  int start(Epoll& epoll, Kevent& kevent, uint64_t expires_ns);
  void restart(Kevent& kevent, uint64_t expires_ns);
  void stop(Kevent& kevent);
  // The timerfd fired: everything due has occurred.
  void expire(Queue& queue);
  // Whether it has fired, or is about to: known without asking the kernel.
  bool due() const { return armed_ns_ != UINT64_MAX && monotonic_now() >= armed_ns_; }
  // After changes: the timerfd is set if something is due sooner than it is.
  void arm();
  size_t memory() const { return wheel_ ? wheel_->memory() : 0; }

 private:
  KeventTable& table_;
  std::unique_ptr<TimerWheel<KeventTable>> wheel_;  // 40 kB: not before there is a timer
  Fd timerfd_;
  uint64_t armed_ns_ = UINT64_MAX;
  uint64_t not_before_ns_ = 0;
  uint64_t now_ = 0;
  bool changed_ = false;  // since it was armed
};

}  // namespace kevent
