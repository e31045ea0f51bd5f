#include "kevent.h"
#include "pollers/posix_timers.h"

using kevent::PosixTimers;

extern "C" {

int kevent_timer_create(uint32_t clock) { return PosixTimers::instance().create(clock); }

int kevent_timer_settime(int handle, uint32_t flags, const kevent_timespec* value, const kevent_timespec* interval) {
  return PosixTimers::instance().settime(handle, flags, value, interval);
}

int kevent_timer_gettime(int handle, kevent_timespec* value, kevent_timespec* interval) {
  return PosixTimers::instance().gettime(handle, value, interval);
}

int kevent_timer_delete(int handle) { return PosixTimers::instance().destroy(handle); }

}  // extern "C"
