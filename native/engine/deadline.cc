#include "deadline.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace kevent {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr int64_t kFarSeconds = int64_t{1} << 33;  // 270 years: never, without overflow

uint64_t nanoseconds(const kevent_timespec& t) {
  if (t.sec >= kFarSeconds) return UINT64_MAX / 2;
  return static_cast<uint64_t>(t.sec) * kSecond + static_cast<uint64_t>(t.nsec);
}

uint64_t read_clock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * kSecond + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

uint64_t monotonic_now() { return read_clock(CLOCK_MONOTONIC); }

uint64_t coarse_now() { return read_clock(CLOCK_MONOTONIC_COARSE); }

int Deadline::set(const kevent_timespec* timeout, uint32_t flags) {
  constexpr uint32_t known = KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_MONOTONIC | KEVENT_FLAGS_BOOTTIME |
                             KEVENT_FLAGS_CLOCK_STEP | KEVENT_FLAGS_NONBLOCK | KEVENT_FLAGS_NO_COLLECT |
                             KEVENT_FLAGS_SLICE | KEVENT_FLAGS_EXACT;
  if (flags & ~known) return -EINVAL;
  bool absolute = flags & KEVENT_FLAGS_ABSTIME;
  bool monotonic = flags & KEVENT_FLAGS_MONOTONIC;
  bool boottime = flags & KEVENT_FLAGS_BOOTTIME;
  bool step = flags & KEVENT_FLAGS_CLOCK_STEP;
  if (monotonic && boottime) return -EINVAL;
  if (step && (!absolute || monotonic || boottime)) return -EINVAL;
  if (!timeout) return step ? -EINVAL : 0;
  if (timeout->sec < 0 || timeout->nsec < 0 || timeout->nsec >= static_cast<int64_t>(kSecond)) return -EINVAL;

  uint64_t ns = nanoseconds(*timeout);
  if (!boottime && (!absolute || monotonic)) {
    uint64_t base = absolute ? 0 : monotonic_now();
    at_ = ns > UINT64_MAX - base ? UINT64_MAX : base + ns;
    return 0;
  }
  clock_id_ = boottime ? CLOCK_BOOTTIME : CLOCK_REALTIME;
  when_ = *timeout;
  if (when_.sec > kFarSeconds) when_ = {kFarSeconds, 0};
  if (!absolute) {
    timespec now;
    clock_gettime(clock_id_, &now);
    when_.sec += now.tv_sec;
    when_.nsec += now.tv_nsec;
    if (when_.nsec >= static_cast<int64_t>(kSecond)) when_ = {when_.sec + 1, when_.nsec - static_cast<int64_t>(kSecond)};
  }
  if (passed() || (flags & KEVENT_FLAGS_NONBLOCK)) return 0;
  clock_.reset(timerfd_create(clock_id_, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!clock_.valid()) return -errno;
  itimerspec setting = {};
  setting.it_value.tv_sec = when_.sec;
  setting.it_value.tv_nsec = when_.nsec;
  int how = TFD_TIMER_ABSTIME | (step ? TFD_TIMER_CANCEL_ON_SET : 0);
  return timerfd_settime(clock_.get(), how, &setting, nullptr) == 0 ? 0 : -errno;
}

bool Deadline::passed() const {
  if (clock_id_ == CLOCK_MONOTONIC) return at_ != UINT64_MAX && monotonic_now() >= at_;
  timespec now;
  clock_gettime(clock_id_, &now);
  return now.tv_sec > when_.sec || (now.tv_sec == when_.sec && now.tv_nsec >= when_.nsec);
}

int Deadline::outcome() const {
  uint64_t expirations;
  return read(clock_.get(), &expirations, sizeof expirations) < 0 && errno == ECANCELED ? -ECANCELED : 0;
}

}  // namespace kevent
