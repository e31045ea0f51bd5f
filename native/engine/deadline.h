// When a waiting call has to give up: a point on one clock, or never.
#pragma once

#include "fd.h"
#include "kevent.h"

namespace kevent {

uint64_t monotonic_now();  // nanoseconds
uint64_t coarse_now();     // the same at the kernel's last tick, 1 to 10 ms ago: takes a fifth of the time

class Deadline {
 public:
  // 0, -EINVAL (timespec or flags), or what timerfd_create said.
  int set(const kevent_timespec* timeout, uint32_t flags);

  bool passed() const;
  // Nanoseconds of CLOCK_MONOTONIC, UINT64_MAX for never. Only while clock_fd() is -1.
  uint64_t at() const { return at_; }
  // Clocks other than MONOTONIC can jump, so the kernel watches them for us: readable when the
  // time has come or, with KEVENT_FLAGS_CLOCK_STEP, the clock was set. Else -1.
  int clock_fd() const { return clock_.get(); }
  // After clock_fd() became readable: 0 the time has come, -ECANCELED the clock was set.
  int outcome() const;

 private:
  uint64_t at_ = UINT64_MAX;
  Fd clock_;
  int clock_id_ = 1;
  kevent_timespec when_ = {0, 0};
};

}  // namespace kevent
