// The process's POSIX timers: a timerfd each, behind handles that are never mistaken for another's.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "fd.h"
#include "kevent.h"

namespace kevent {

class PosixTimers {
 public:
  static PosixTimers& instance();

  // A handle > 0. -EINVAL (clock), -EAGAIN (65,535 timers), or what timerfd_create said.
  int create(uint32_t clock);
  int settime(int handle, uint32_t flags, const kevent_timespec* value, const kevent_timespec* interval);
  int gettime(int handle, kevent_timespec* value, kevent_timespec* interval);
  // A kevent that has claimed it keeps the descriptor, which does not fire any more.
  int destroy(int handle);

  // One kevent a timer, as each timer had one notification: -EBUSY.
  int claim(int handle, std::shared_ptr<Fd>* fd);
  void release(int handle);

 private:
  struct Timer {
    std::shared_ptr<Fd> fd;
    uint32_t clock;
    uint16_t generation;
    bool claimed;
  };

  Timer* find(int handle);

  std::mutex mutex_;
  std::vector<Timer> timers_;
  std::vector<uint32_t> free_;
};

// Expirations since it was read last; 0 if none; -ECANCELED once after its clock was set.
int64_t posix_timer_read(int fd);

}  // namespace kevent
