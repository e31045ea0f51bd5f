#include "timers.h"

#include <sys/timerfd.h>

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
    wheel_ = std::make_unique<TimerWheel<KeventTable>>(table_);
    // Edge-triggered: setting it anew resets it, so it never has to be read.
    int error = epoll.add_special(fd.get(), EPOLLIN | EPOLLET, Source::timers);
    if (error < 0) return error;
    timerfd_ = std::move(fd);
  }
  restart(kevent, expires_ns);
  return 0;
}

void Timers::restart(Kevent& kevent, uint64_t expires_ns) {
  // An empty wheel may have stood still for long: then every timer would start levels too high.
  // By the clock, as what now() has read is for the call that adds: a delivery would leave it to the next one.
  if (wheel_->size() == 0) wheel_->advance(monotonic_now(), [](uint32_t) {});
  kevent.wheel.expires_ns = expires_ns;
  wheel_->insert(kevent.index);
  changed_ = true;
}

void Timers::stop(Kevent& kevent) {
  if (kevent.wheel.bucket != kNotInWheel) wheel_->remove(kevent.index);
}

void Timers::arm() {
  now_ = 0;
  if (!changed_) return;
  changed_ = false;
  uint64_t next = wheel_->next_expiry_ns();
  if (next < not_before_ns_) next = not_before_ns_;
  // Setting it later than needed is lateness; leaving it too early is one wake-up for nothing.
  if (next >= armed_ns_) return;
  itimerspec setting = {};
  setting.it_value.tv_sec = static_cast<time_t>(next / 1000000000);
  setting.it_value.tv_nsec = static_cast<long>(next % 1000000000);
  timerfd_settime(timerfd_.get(), TFD_TIMER_ABSTIME, &setting, nullptr);
  armed_ns_ = next;
}

}  // namespace kevent
