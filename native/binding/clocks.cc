#include "clocks.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>

namespace kevent::binding {
namespace {

constexpr int64_t kFarSeconds = int64_t{1} << 33;  // 270 years: never
constexpr int64_t kYear = 366LL * 24 * 60 * 60;

}  // namespace

int check_timeout(const Timeout& timeout, uint32_t flags) {
  constexpr uint32_t known = KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_MONOTONIC | KEVENT_FLAGS_BOOTTIME |
                             KEVENT_FLAGS_CLOCK_STEP;
  uint32_t other_clock = flags & (KEVENT_FLAGS_MONOTONIC | KEVENT_FLAGS_BOOTTIME);
  if (flags & ~known || other_clock == (KEVENT_FLAGS_MONOTONIC | KEVENT_FLAGS_BOOTTIME)) return -EINVAL;
  bool step = flags & KEVENT_FLAGS_CLOCK_STEP;
  if (step && (!(flags & KEVENT_FLAGS_ABSTIME) || other_clock || timeout.forever())) return -EINVAL;
  return timeout.nsec < 0 || timeout.nsec >= kNanosecondsPerSecond ? -EINVAL : 0;
}

clockid_t clock_of(uint32_t flags) {
  if (flags & KEVENT_FLAGS_BOOTTIME) return CLOCK_BOOTTIME;
  return (flags & KEVENT_FLAGS_ABSTIME) && !(flags & KEVENT_FLAGS_MONOTONIC) ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

timespec read_clock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now;
}

int64_t between(const timespec& from, const timespec& to) {
  int64_t seconds = int64_t{to.tv_sec} - from.tv_sec;
  if (seconds > kYear) seconds = kYear;
  if (seconds < -kYear) seconds = -kYear;
  return seconds * kNanosecondsPerSecond + to.tv_nsec - from.tv_nsec;
}

timespec end_of(const Timeout& timeout, uint32_t flags) {
  timespec end = {};
  if (!(flags & KEVENT_FLAGS_ABSTIME)) end = read_clock(clock_of(flags));
  end.tv_sec += timeout.sec < kFarSeconds ? timeout.sec : kFarSeconds;
  end.tv_nsec += timeout.nsec;
  if (end.tv_nsec >= kNanosecondsPerSecond) {
    end.tv_nsec -= kNanosecondsPerSecond;
    end.tv_sec++;
  }
  return end;
}

int arm_clock(const timespec& end, uint32_t flags, Fd* clock) {
  clock->reset(timerfd_create(clock_of(flags), TFD_NONBLOCK | TFD_CLOEXEC));
  if (!clock->valid()) return -errno;
  itimerspec setting = {};
  setting.it_value = end;
  if (end.tv_sec == 0 && end.tv_nsec == 0) setting.it_value.tv_nsec = 1;  // 0 would disarm it
  bool step = flags & KEVENT_FLAGS_CLOCK_STEP;
  int how = TFD_TIMER_ABSTIME | (step ? TFD_TIMER_CANCEL_ON_SET : 0);
  return timerfd_settime(clock->get(), how, &setting, nullptr) == 0 ? 0 : -errno;
}

bool clock_was_set(const Fd& clock) {
  uint64_t expirations;
  return read(clock.get(), &expirations, sizeof expirations) < 0 && errno == ECANCELED;
}

}  // namespace kevent::binding
