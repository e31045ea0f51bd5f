#include "waiters.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace kevent {
namespace {

timespec to_timespec(uint64_t ns) {
  return {static_cast<time_t>(ns / 1000000000), static_cast<long>(ns % 1000000000)};
}

uint32_t* futex_word(Waiter& waiter) { return reinterpret_cast<uint32_t*>(&waiter.word); }

}  // namespace

void Waiters::enter(Waiter& waiter) {
  waiter.woken = false;
  waiter.word.store(0, std::memory_order_relaxed);
  if (waiter.bell.valid()) {
    uint64_t rung;
    (void)!read(waiter.bell.get(), &rung, sizeof rung);
  }
  waiter.prev = last_;
  waiter.next = nullptr;
  (last_ ? last_->next : first_) = &waiter;
  last_ = &waiter;
}

void Waiters::leave(Waiter& waiter) {
  (waiter.prev ? waiter.prev->next : first_) = waiter.next;
  (waiter.next ? waiter.next->prev : last_) = waiter.prev;
  if (leader_ == &waiter) leader_ = nullptr;
  waiter.leader = false;
}

void Waiters::lead(Waiter& waiter) {
  leader_ = &waiter;
  waiter.leader = true;
}

void Waiters::wake(Waiter& waiter) {
  waiter.woken = true;
  waiter.word.store(1, std::memory_order_release);
  if (waiter.bell.valid()) {
    uint64_t one = 1;
    (void)!write(waiter.bell.get(), &one, sizeof one);
    return;
  }
  // The waiter may have left by the time this runs in the kernel, were it not for the mutex that
  // the caller holds: nobody leaves without taking it.
  syscall(SYS_futex, futex_word(waiter), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

int sleep_on_word(Waiter& waiter, const Deadline& deadline) {
  if (waiter.bell.valid()) return sleep_on_fd(waiter.bell.get(), deadline);
  timespec until = to_timespec(deadline.at());
  const timespec* limit = deadline.at() == UINT64_MAX ? nullptr : &until;
  // WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, so a restart after a signal does not drift.
  if (waiter.word.load(std::memory_order_acquire) == 0) {
    syscall(SYS_futex, futex_word(waiter), FUTEX_WAIT_BITSET_PRIVATE, 0, limit, nullptr, FUTEX_BITSET_MATCH_ANY);
  }
  return 0;
}

int sleep_on_fd(int fd, const Deadline& deadline) {
  pollfd fds[2] = {{fd, POLLIN, 0}, {deadline.clock_fd(), POLLIN, 0}};  // a negative fd is passed over
  timespec left;
  const timespec* limit = nullptr;
  if (deadline.clock_fd() < 0 && deadline.at() != UINT64_MAX) {
    uint64_t now = monotonic_now();
    left = to_timespec(deadline.at() > now ? deadline.at() - now : 0);
    limit = &left;
  }
  ppoll(fds, 2, limit, nullptr);
  return fds[1].revents ? deadline.outcome() : 0;
}

}  // namespace kevent
