// The waiting calls that need the ring, and who wakes whom.
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "aim.h"
#include "queue.h"

namespace kevent {

int Queue::wait(uint32_t num, uint32_t old_uidx, const kevent_timespec* timeout, uint32_t flags) {
  Deadline deadline;
  int error = deadline.set(timeout, flags);
  if (error < 0) return error;

  Lock lock(mutex_);
  Waiter waiter;
  waiter.needs_room = true;
  bool nonblock = flags & KEVENT_FLAGS_NONBLOCK;
  bool says_why = nonblock || (flags & KEVENT_FLAGS_SLICE);
  bool slept = false;
  for (;;) {
    if (closed_) return -EBADF;
    if (!ring_.exists() || num > ring_.size() || old_uidx >= ring_.size()) return -EINVAL;
    bool over = nonblock || deadline.passed();
    if (takes_token(!over)) return 0;
    uint32_t room = ring_.room();
    uint32_t moved = 0;
    bool ready = false;
    if (room > 0 && num > 0) moved = collect_into_ring(std::min(num, room), num);
    if (room > 0 && num == 0) ready = something_is_ready();
    // Does not go to sleep if the head has moved on. Once asleep, it is not what others move that
    // it waits for: one event wakes one.
    bool moved_on = !slept && ring_.kidx() != old_uidx;
    if (moved > 0 || ready || waiter.released || moved_on || (over && !says_why)) {
      pass_on();
      return static_cast<int>(moved);
    }
    error = room > 0 ? -EAGAIN : -ENOBUFS;
    if (!over) error = sleep(lock, waiter, deadline);
    slept = true;
    if (error < 0) {
      pass_on();
      return error;
    }
  }
}

int Queue::claim(int consumer, uint32_t max, const kevent_timespec* timeout, uint32_t flags, kevent_run* run) {
  Deadline deadline;
  int error = deadline.set(timeout, flags);
  if (error < 0) return error;
  if (!run) return -EFAULT;

  Lock lock(mutex_);
  Waiter waiter;
  waiter.needs_room = true;
  waiter.consumer = consumer;
  bool nonblock = flags & KEVENT_FLAGS_NONBLOCK;
  bool says_why = nonblock || (flags & KEVENT_FLAGS_SLICE);
  for (;;) {
    if (closed_) return -EBADF;
    if (!ring_.exists() || !ring_.has_consumer(consumer)) {
      pass_on();
      return -EINVAL;
    }
    Listener& self = consumers_[static_cast<size_t>(consumer)];
    self.told = self.starved = self.idle = false;
    bool over = nonblock || deadline.passed();
    if (!nonblock && takes_token(!over)) return 0;
    if (max == 0 || !ring_.claimable(consumer)) {
      if (take_due_timers()) {
        fill_ring(ring_.size());
      } else {
        bool ask = owes_collect_ || !(flags & KEVENT_FLAGS_NO_COLLECT);
        collect_into_ring(ask ? ring_.room() : 0, ring_.size());
      }
    }
    self.starved = ring_.room() == 0;
    if (max == 0) {
      pass_on();
      return self.starved ? -ENOBUFS : 0;
    }
    uint32_t count = ring_.claim(consumer, max, &run->position);
    run->plain_from = plain_from_;
    if (count > 0 || waiter.released || (over && !says_why)) {
      pass_on();
      return static_cast<int>(count);
    }
    self.idle = true;
    error = self.starved ? -ENOBUFS : -EAGAIN;
    if (error == -EAGAIN && (flags & KEVENT_FLAGS_EXACT) && waits_for_timer(lock)) {
      flags &= ~KEVENT_FLAGS_NO_COLLECT;
      continue;
    }
    if (!over) error = sleep(lock, waiter, deadline);
    if (error < 0) {
      pass_on();
      return error;
    }
  }
}

// READY with no entries wakes one thread that waits; those that do not wait leave it to the others.
bool Queue::takes_token(bool waits) {
  if (tokens_ == 0 || (!waits && !waiters_.empty())) return false;
  tokens_--;
  pass_on();
  return true;
}

// Leads if nobody does and there would be something to do with what comes; else on its own word.
int Queue::sleep(Lock& lock, Waiter& waiter, const Deadline& deadline) {
  if (deadline.clock_fd() >= 0 && !waiter.bell.valid()) {
    waiter.bell.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!waiter.bell.valid()) return -errno;
  }
  waiters_.enter(waiter);
  bool leads = !waiters_.leader() && (!waiter.needs_room || ring_.room() > 0);
  if (leads) waiters_.lead(waiter);
  // What is of no use to this one, and the lead if it cannot take it, may be of use to another.
  pass_on_to_waiters();
  int error = 0;
  if (leads && deadline.clock_fd() < 0 && waits_for_timer(lock, deadline.at())) {
    if (timers_.due()) timers_.expire(*this);
  } else {
    timers_.arm();
    int set = epoll_.loop_fd();
    lock.unlock();
    error = leads ? sleep_on_fd(set, deadline) : sleep_on_word(waiter, deadline);
    lock.lock();
  }
  waiters_.leave(waiter);
  return error;
}

// Without the lock meanwhile, and only until the queue's descriptors are readable. False, and at once, if no exact
// timer is near.
bool Queue::waits_for_timer(Lock& lock, uint64_t latest) {
  uint64_t until = timers_.begin_wait();
  if (until == 0) return false;
  int set = epoll_.loop_fd();
  lock.unlock();
  wait_on_processor(std::min(until, latest), set);
  lock.lock();
  timers_.end_wait();
  return true;
}

bool Queue::wants_to_run(const Waiter& waiter) {
  if (waiter.consumer >= 0 && ring_.has_consumer(waiter.consumer) && ring_.claimable(waiter.consumer)) return true;
  if (tokens_ > 0 || waiter.released) return true;
  return ready_.size() >= waiter.minimum && (!waiter.needs_room || ring_.room() > 0);
}

// Called by whoever changed something, and by every waiter as it returns: what it leaves behind,
// work or leadership, goes to one other. The rule that no wake-up is lost is that nobody returns
// to its caller, and nothing becomes ready or free, without this.
void Queue::pass_on() {
  if (!owes_collect_) timers_.arm();
  tell_idle();
  if (pass_on_to_waiters()) return;
  if (!ready_.empty() && (!ring_.exists() || ring_.room() > 0)) signal();
  if (tokens_ > 0) tell_observers();
}

// True if somebody is on his way.
bool Queue::pass_on_to_waiters() {
  Waiter* heir = nullptr;
  for (Waiter* waiter = waiters_.first(); waiter; waiter = waiter->next) {
    if (waiter->leader) continue;
    if (waiter->woken) {
      // On its way already; it will pass on what it does not take.
      if (!waiters_.leader()) return true;
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
    return true;
  }
  if (!waiters_.leader() || !wants_to_run(*waiters_.leader())) return false;
  signal();
  return true;
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

// Slots that somebody put into the ring are told to one consumer that has found nothing; the
// others are on their way, or come back by themselves.
void Queue::tell_idle() {
  for (size_t number = 0; number < consumers_.size(); number++) {
    Listener& listener = consumers_[number];
    if (!listener.idle || listener.told || !listener.notify || !ring_.claimable(static_cast<int>(number))) continue;
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
  for (Listener& consumer : consumers_) {
    if (consumer.starved) tell(consumer);
  }
  tell_observers();
  pass_on();
}

}  // namespace kevent
