// The clocks that KEVENT_FLAGS_* choose.
#pragma once

#include <time.h>

#include <cstdint>

#include "fd.h"
#include "kevent.h"

namespace kevent::binding {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// A timeout as JavaScript gives it; sec < 0 is "for ever".
struct Timeout {
  int64_t sec = -1;
  int64_t nsec = 0;

  bool forever() const { return sec < 0; }
};

// 0, or -EINVAL: unknown or contradictory flags, or nsec out of range.
int check_timeout(const Timeout& timeout, uint32_t flags);
clockid_t clock_of(uint32_t flags);
timespec read_clock(clockid_t clock);
// Nanoseconds from one point to another; at most a year, which is enough to know that it is not soon.
int64_t between(const timespec& from, const timespec& to);
// The point in time on clock_of(flags) at which the timeout ends, bounded so that nothing overflows.
timespec end_of(const Timeout& timeout, uint32_t flags);
// A timerfd for that point; with KEVENT_FLAGS_CLOCK_STEP reading it says ECANCELED once the clock was set.
// 0 or a negative errno.
int arm_clock(const timespec& end, uint32_t flags, Fd* clock);
// Whether the clock behind a timerfd that was armed with KEVENT_FLAGS_CLOCK_STEP has been set since.
bool clock_was_set(const Fd& clock);

}  // namespace kevent::binding
