#include "timers.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>

#include "deadline.h"
#include "pollers/epoll.h"

namespace kevent {

uint64_t Timers::now() {
  if (now_ == 0) now_ = monotonic_now();
  return now_;
}

int Timers::start(Epoll& epoll, Kevent& kevent, uint64_t expires_ns) {
  if (!timerfd_.valid()) {
    Fd fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!fd.valid()) return -errno;
    // Edge-triggered: setting it anew resets it, so it never has to be read.
    int error = epoll.add_special(fd.get(), EPOLLIN | EPOLLET, Source::timers);
    if (error < 0) return error;
    timerfd_ = std::move(fd);
  }
  restart(kevent, expires_ns);
  return 0;
}

void Timers::restart(Kevent& kevent, uint64_t expires_ns) {
  bool exact = kevent.u.event & KEVENT_TIMER_EXACT;
  kevent.state = exact ? kevent.state | Kevent::kExact : kevent.state & ~Kevent::kExact;
  std::unique_ptr<Wheel>& wheel = exact ? exact_ : wheel_;
  if (!wheel) wheel = std::make_unique<Wheel>(table_);
  // An empty wheel may have stood still for long: then every timer would start levels too high.
  // By the clock, as what now() has read is for the call that adds: a delivery would leave it to the next one.
  if (wheel->size() == 0) wheel->advance(monotonic_now(), 0, [](uint32_t) {});
  kevent.wheel.expires_ns = expires_ns;
  wheel->insert(kevent.index);
  changed_ = true;
}

void Timers::stop(Kevent& kevent) {
  if (kevent.wheel.bucket != kNotInWheel) wheel_of(kevent).remove(kevent.index);
}

uint64_t Timers::next_plain() const {
  uint64_t next = wheel_ ? wheel_->next_expiry_ns() : UINT64_MAX;
  return std::max(next, not_before_ns_);
}

void Timers::arm() {
  if (!changed_) return;
  changed_ = false;
  uint64_t wake = next_plain();
  due_ns_ = wake;
  if (any_exact()) {
    uint64_t exact = exact_->next_expiry_ns();
    due_ns_ = std::min(due_ns_, exact);
    uint64_t present = monotonic_now();
    uint64_t lead = aim_.lead(present);
    // Near already: it is waited for, or nobody would. To be woken at once would be for nothing.
    if (exact > present + lead) exact -= lead;
    wake = std::min(wake, exact);
  }
  // Setting it later than needed is lateness; leaving it too early is one wake-up for nothing.
  if (wake >= armed_ns_) return;
  itimerspec setting = {};
  setting.it_value.tv_sec = static_cast<time_t>(wake / 1000000000);
  setting.it_value.tv_nsec = static_cast<long>(wake % 1000000000);
  timerfd_settime(timerfd_.get(), TFD_TIMER_ABSTIME, &setting, nullptr);
  armed_ns_ = wake;
}

uint64_t Timers::begin_wait() {
  if (waiting_since_ns_ > 0 || !any_exact()) return 0;
  uint64_t present = monotonic_now();
  uint64_t exact = exact_->next_expiry_ns();
  if (exact > present + aim_.lead(present)) return 0;
  waiting_since_ns_ = present;
  due_ns_ = std::min(next_plain(), exact);
  return due_ns_;
}

void Timers::end_wait() {
  aim_.waited(monotonic_now() - waiting_since_ns_);
  waiting_since_ns_ = 0;
}

}  // namespace kevent
