// Waiting calls in slices, so that a worker that waits can be terminated: V8 looks whether
// it has to stop in JavaScript's loops, never while native code sleeps.
#pragma once

#include "clocks.h"

namespace kevent::binding {

// What JavaScript is told at the end of a slice: call again, with kFlagsResume. No errno is that large.
constexpr int kWaitAgain = -4096;
constexpr uint32_t kFlagsResume = 0x40000000;

// The one waiting call that a thread can be in. The end of its time is computed once, at its first
// slice, so that slicing does not make it longer.
class Blocking {
 public:
  // Runs call(const kevent_timespec* timeout, uint32_t flags), at most 50 ms of it.
  template <typename Call>
  int run(const Timeout& timeout, uint32_t flags, Call call) {
    // A caller that slices by itself knows what it does.
    if (flags & (KEVENT_FLAGS_NONBLOCK | KEVENT_FLAGS_SLICE)) return pass_through(timeout, flags & ~kFlagsResume, call);
    int result = begin(timeout, flags);
    if (result < 0) return result;
    kevent_timespec until;
    bool last = plan(&until);
    // Always on CLOCK_MONOTONIC: on a clock that is set back meanwhile, 50 ms can become an hour.
    // A slice that is not the last ends with -EAGAIN or -ENOBUFS and moves nothing, takes no wake-up.
    uint32_t slice = KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_MONOTONIC | (last ? 0 : KEVENT_FLAGS_SLICE);
    return conclude(call(&until, slice), last);
  }

  void reset();

 private:
  template <typename Call>
  int pass_through(const Timeout& timeout, uint32_t flags, Call& call) {
    kevent_timespec time = {timeout.sec, timeout.nsec};
    return call(timeout.forever() ? nullptr : &time, flags);
  }

  int begin(const Timeout& timeout, uint32_t flags);
  bool plan(kevent_timespec* until);
  int conclude(int result, bool last);

  bool active_ = false;
  bool forever_ = false;
  clockid_t clock_ = CLOCK_MONOTONIC;
  timespec end_ = {};
  Fd step_;  // with KEVENT_FLAGS_CLOCK_STEP: the kernel notes there that the clock was set, between slices too
};

}  // namespace kevent::binding
