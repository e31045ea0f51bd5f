// Threads asleep in a waiting call.
//
// At most one of them, the leader, sleeps in the kernel on the queue's own descriptors; the others
// sleep each on a word of its own, so that a wake-up reaches exactly one. Whoever leaves passes
// on what he leaves behind: leadership, and work. All of this is under the queue's mutex.
#pragma once

#include <atomic>
#include <cstdint>

#include "deadline.h"
#include "fd.h"

namespace kevent {

struct Waiter {
  int consumer = -1;        // >= 0: waits for a slot that this consumer can claim
  uint32_t minimum = 1;     // ready events that it takes to be of use
  bool needs_room = false;  // has no use for a ready event while the ring is full
  bool released = false;    // a WAKEUP_ALL event went by: return, whatever is there
  bool leader = false;
  bool woken = false;
  Waiter* next = nullptr;
  Waiter* prev = nullptr;
  std::atomic<uint32_t> word{0};  // becomes 1 on wake
  Fd bell;                        // eventfd instead of the word, for those who also watch a clock's fd
};

class Waiters {
 public:
  bool empty() const { return first_ == nullptr; }
  Waiter* first() { return first_; }
  Waiter* leader() { return leader_; }

  void enter(Waiter& waiter);
  void leave(Waiter& waiter);
  void lead(Waiter& waiter);

  // Not for the leader: the queue's own wake-up reaches that one.
  static void wake(Waiter& waiter);

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  Waiter* leader_ = nullptr;
};

// Without any lock. Both return at the latest at the deadline, and at times for no reason:
// the caller looks again. 0 or -ECANCELED (the deadline's clock was set).
int sleep_on_word(Waiter& waiter, const Deadline& deadline);
int sleep_on_fd(int fd, const Deadline& deadline);

}  // namespace kevent
