#include "blocking.h"

#include <cerrno>

namespace kevent::binding {
namespace {

constexpr int64_t kSlice = 50'000'000;

}  // namespace

void Blocking::reset() {
  active_ = false;
  step_.reset();
}

int Blocking::begin(const Timeout& timeout, uint32_t flags) {
  bool resumes = active_ && (flags & kFlagsResume);
  if (!resumes) {
    reset();
    flags &= ~kFlagsResume;
    int result = check_timeout(timeout, flags);
    if (result < 0) return result;
    forever_ = timeout.forever();
    clock_ = clock_of(flags);
    if (!forever_) end_ = end_of(timeout, flags);
    if (flags & KEVENT_FLAGS_CLOCK_STEP) {
      result = arm_clock(end_, flags, &step_);
      if (result < 0) return result;
    }
    active_ = true;
  }
  if (step_.valid() && clock_was_set(step_)) {
    reset();
    return -ECANCELED;
  }
  return 0;
}

// Whether the time ends with this slice.
bool Blocking::plan(kevent_timespec* until) {
  int64_t left = forever_ ? INT64_MAX : between(read_clock(clock_), end_);
  bool last = left <= kSlice;
  int64_t slice = last ? (left > 0 ? left : 0) : kSlice;
  timespec now = read_clock(CLOCK_MONOTONIC);
  int64_t nsec = now.tv_nsec + slice;
  *until = {now.tv_sec + nsec / kNanosecondsPerSecond, nsec % kNanosecondsPerSecond};
  // Any other clock may be set back during the slice: then it was not the last.
  return left <= 0 || (last && clock_ == CLOCK_MONOTONIC);
}

int Blocking::conclude(int result, bool last) {
  bool over = result == -EAGAIN || result == -ENOBUFS;
  if (over && !last) return kWaitAgain;
  reset();
  return result;
}

}  // namespace kevent::binding
