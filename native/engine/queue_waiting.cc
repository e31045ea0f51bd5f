// The waiting calls that need the ring, and who wakes whom.
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "queue.h"

namespace kevent {

int Queue::wait(uint32_t num, uint32_t old_uidx, const kevent_timespec* timeout, uint32_t flags) {
  Deadline deadline;
  int error = deadline.set(timeout, flags);
  if (error < 0) return error;

  Lock lock(mutex_);
  Waiter waiter;
  waiter.needs_room = true;
  bool says_why = flags & (KEVENT_FLAGS_NONBLOCK | KEVENT_FLAGS_SLICE);
  for (;;) {
    if (closed_) return -EBADF;
    if (!ring_.exists() || num > ring_.size() || old_uidx >= ring_.size()) return -EINVAL;
    if (tokens_ > 0) {
      tokens_--;
      pass_on();
      return 0;
    }
    uint32_t room = ring_.room();
    uint32_t moved = 0;
    bool ready = false;
    if (room > 0) {
      collect(num > 0 ? std::min(num, room) : 1);
      moved = fill_ring(num);
      ready = num == 0 && next_ready() != nullptr;
    }
    bool over = (flags & KEVENT_FLAGS_NONBLOCK) || deadline.passed();
    if (moved > 0 || ready || waiter.released || ring_.kidx() != old_uidx || (over && !says_why)) {
      pass_on();
      return static_cast<int>(moved);
    }
    error = room > 0 ? -EAGAIN : -ENOBUFS;
    if (!over) error = sleep(lock, waiter, deadline);
    if (error < 0) {
      pass_on();
      return error;
    }
  }
}

int Queue::claim(int consumer, uint32_t max, const kevent_timespec* timeout, uint32_t flags, uint64_t* position) {
  Deadline deadline;
  int error = deadline.set(timeout, flags);
  if (error < 0) return error;
  if (!position) return -EFAULT;

  Lock lock(mutex_);
  Waiter waiter;
  waiter.needs_room = true;
  waiter.consumer = consumer;
  bool waits = !(flags & KEVENT_FLAGS_NONBLOCK);
  for (;;) {
    if (closed_) return -EBADF;
    if (!ring_.exists() || !ring_.has_consumer(consumer)) {
      pass_on();
      return -EINVAL;
    }
    Listener& self = consumers_[static_cast<size_t>(consumer)];
    self.told = self.starved = false;
    if (waits && tokens_ > 0) {
      tokens_--;
      pass_on();
      return 0;
    }
    if (max == 0 || !ring_.claimable(consumer)) {
      if (!(flags & KEVENT_FLAGS_NO_COLLECT)) collect(ring_.room());
      fill_ring(ring_.size());
    }
    self.starved = ring_.room() == 0;
    if (max == 0) {
      pass_on();
      return self.starved ? -ENOBUFS : 0;
    }
    uint32_t count = ring_.claim(consumer, max, position);
    bool over = deadline.passed();
    bool slice = flags & KEVENT_FLAGS_SLICE;
    if (count > 0 || waiter.released || (waits && over && !slice)) {
      if (ring_.claimable_by_others(consumer)) tell_another(consumer);
      pass_on();
      return static_cast<int>(count);
    }
    error = self.starved ? -ENOBUFS : -EAGAIN;
    if (waits && !over) error = sleep(lock, waiter, deadline);
    if (error < 0) {
      pass_on();
      return error;
    }
  }
}

// Leads if nobody does and there would be something to do with what comes; else on its own word.
int Queue::sleep(Lock& lock, Waiter& waiter, const Deadline& deadline) {
  if (deadline.clock_fd() >= 0 && !waiter.bell.valid()) {
    waiter.bell.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!waiter.bell.valid()) return -errno;
  }
  waiters_.enter(waiter);
  bool leads = !waiters_.leader() && (!waiter.needs_room || ring_.room() > 0);
  if (leads) {
    waiters_.lead(waiter);
  } else if (!waiters_.leader()) {
    pass_on();  // the ring is full, so it cannot lead; but one who needs no room could
  }
  int set = epoll_.loop_fd();
  lock.unlock();
  int error = leads ? sleep_on_fd(set, deadline) : sleep_on_word(waiter, deadline);
  lock.lock();
  waiters_.leave(waiter);
  return error;
}

bool Queue::wants_to_run(const Waiter& waiter) {
  if (waiter.consumer >= 0 && ring_.has_consumer(waiter.consumer) && ring_.claimable(waiter.consumer)) return true;
  if (tokens_ > 0) return true;
  return !ready_.empty() && (!waiter.needs_room || ring_.room() > 0);
}

// Called by whoever changed something, and by every waiter as it returns: what it leaves behind,
// work or leadership, goes to one other. The rule that no wake-up is lost is that nobody returns
// to its caller, and nothing becomes ready or free, without this.
void Queue::pass_on() {
  Waiter* heir = nullptr;
  for (Waiter* waiter = waiters_.first(); waiter; waiter = waiter->next) {
    if (waiter->leader) continue;
    if (waiter->woken) {
      // On its way already; it will pass on what it does not take.
      if (!waiters_.leader()) return;
      continue;
    }
    if (wants_to_run(*waiter)) {
      heir = waiter;
      break;
    }
    if (!waiters_.leader() && !heir && (!waiter->needs_room || ring_.room() > 0)) heir = waiter;
  }
  if (heir) {
    wakeups_++;
    Waiters::wake(*heir);
    return;
  }
  bool for_leader = waiters_.leader() && wants_to_run(*waiters_.leader());
  bool for_watchers = !ready_.empty() && (!ring_.exists() || ring_.room() > 0);
  if (for_leader || for_watchers) signal();
  if (tokens_ > 0) tell_observers();
}

// Reaches the leader, and whoever watches the queue's descriptors from outside.
void Queue::signal() {
  if (signalled_) return;
  signalled_ = true;
  wakeups_++;
  epoll_.wake();
}

// A WAKEUP_ALL event went by.
void Queue::release_all() {
  for (Waiter* waiter = waiters_.first(); waiter; waiter = waiter->next) {
    waiter->released = true;
    if (waiter->leader) {
      signal();
    } else {
      wakeups_++;
      Waiters::wake(*waiter);
    }
  }
  tell_all();
}

void Queue::tell(Listener& listener) {
  if (!listener.notify || listener.told) return;
  listener.told = true;
  wakeups_++;
  listener.notify(listener.context);
}

void Queue::tell_another(int consumer) {
  for (size_t other = 0; other < consumers_.size(); other++) {
    Listener& listener = consumers_[other];
    if (static_cast<int>(other) == consumer || !listener.notify || listener.told) continue;
    tell(listener);
    return;
  }
}

void Queue::tell_observers() {
  for (Listener& observer : observers_) {
    if (observer.notify) observer.notify(observer.context);
  }
}

void Queue::tell_all() {
  for (Listener& consumer : consumers_) tell(consumer);
  tell_observers();
}

void Queue::room_was_made() {
  timers_.arm();
  for (Listener& consumer : consumers_) {
    if (consumer.starved) tell(consumer);
  }
  tell_observers();
  pass_on();
}

}  // namespace kevent
