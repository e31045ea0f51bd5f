#include "pollers/posix_timers.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace kevent {
namespace {

// A handle is a generation above an index + 1, and stays positive.
constexpr uint32_t kIndexBits = 16;
constexpr uint32_t kMost = (1u << kIndexBits) - 1;
constexpr uint16_t kGenerations = 0x7fff;

int handle_of(uint32_t index, uint16_t generation) {
  return static_cast<int>(static_cast<uint32_t>(generation) << kIndexBits | (index + 1));
}

bool valid(const kevent_timespec& t) { return t.sec >= 0 && t.nsec >= 0 && t.nsec < 1000000000; }

timespec to_timespec(const kevent_timespec& t) { return {static_cast<time_t>(t.sec), static_cast<long>(t.nsec)}; }
kevent_timespec from_timespec(const timespec& t) { return {t.tv_sec, t.tv_nsec}; }

}  // namespace

PosixTimers& PosixTimers::instance() {
  static auto* timers = new PosixTimers;  // never destroyed: other threads may outlive exit handlers
  return *timers;
}

PosixTimers::Timer* PosixTimers::find(int handle) {
  if (handle <= 0) return nullptr;
  uint32_t index = (static_cast<uint32_t>(handle) & kMost) - 1;
  if (index >= timers_.size()) return nullptr;
  Timer& timer = timers_[index];
  return timer.fd && handle_of(index, timer.generation) == handle ? &timer : nullptr;
}

int PosixTimers::create(uint32_t clock) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) return -EINVAL;
  Fd fd(timerfd_create(static_cast<int>(clock), TFD_NONBLOCK | TFD_CLOEXEC));
  if (!fd.valid()) return -errno;
  std::lock_guard<std::mutex> lock(mutex_);
  if (free_.empty()) {
    if (timers_.size() == kMost) return -EAGAIN;
    free_.push_back(static_cast<uint32_t>(timers_.size()));
    timers_.push_back({nullptr, 0, 0, false});
  }
  uint32_t index = free_.back();
  free_.pop_back();
  Timer& timer = timers_[index];
  timer.fd = std::make_shared<Fd>(std::move(fd));
  timer.clock = clock;
  timer.claimed = false;
  return handle_of(index, timer.generation);
}

int PosixTimers::settime(int handle, uint32_t flags, const kevent_timespec* value, const kevent_timespec* interval) {
  if (!value) return -EFAULT;
  if (flags & ~static_cast<uint32_t>(KEVENT_TIMER_ABSTIME | KEVENT_TIMER_CANCEL_ON_SET)) return -EINVAL;
  if (!valid(*value) || (interval && !valid(*interval))) return -EINVAL;
  std::lock_guard<std::mutex> lock(mutex_);
  Timer* timer = find(handle);
  if (!timer) return -EINVAL;
  bool absolute = flags & KEVENT_TIMER_ABSTIME;
  bool cancel = flags & KEVENT_TIMER_CANCEL_ON_SET;
  if (cancel && (!absolute || timer->clock != CLOCK_REALTIME)) return -EINVAL;
  itimerspec setting = {};
  setting.it_value = to_timespec(*value);
  if (interval) setting.it_interval = to_timespec(*interval);
  int how = (absolute ? TFD_TIMER_ABSTIME : 0) | (cancel ? TFD_TIMER_CANCEL_ON_SET : 0);
  return timerfd_settime(timer->fd->get(), how, &setting, nullptr) == 0 ? 0 : -errno;
}

int PosixTimers::gettime(int handle, kevent_timespec* value, kevent_timespec* interval) {
  std::lock_guard<std::mutex> lock(mutex_);
  Timer* timer = find(handle);
  if (!timer) return -EINVAL;
  itimerspec setting;
  if (timerfd_gettime(timer->fd->get(), &setting) < 0) return -errno;
  if (value) *value = from_timespec(setting.it_value);
  if (interval) *interval = from_timespec(setting.it_interval);
  return 0;
}

int PosixTimers::destroy(int handle) {
  std::lock_guard<std::mutex> lock(mutex_);
  Timer* timer = find(handle);
  if (!timer) return -EINVAL;
  itimerspec off = {};
  timerfd_settime(timer->fd->get(), 0, &off, nullptr);
  timer->fd.reset();
  timer->generation = (timer->generation + 1) & kGenerations;
  free_.push_back(static_cast<uint32_t>(timer - timers_.data()));
  return 0;
}

int PosixTimers::claim(int handle, std::shared_ptr<Fd>* fd) {
  std::lock_guard<std::mutex> lock(mutex_);
  Timer* timer = find(handle);
  if (!timer) return -EINVAL;
  if (timer->claimed) return -EBUSY;
  timer->claimed = true;
  *fd = timer->fd;
  return 0;
}

void PosixTimers::release(int handle) {
  std::lock_guard<std::mutex> lock(mutex_);
  Timer* timer = find(handle);
  if (timer) timer->claimed = false;
}

int64_t posix_timer_read(int fd) {
  uint64_t expirations;
  if (read(fd, &expirations, sizeof expirations) == sizeof expirations) return static_cast<int64_t>(expirations);
  return errno == ECANCELED ? -ECANCELED : 0;
}

}  // namespace kevent
