// The way of an event: collected from its origin, onto the ready list, into a slot or a buffer.
#include <algorithm>
#include <cerrno>

#include "deadline.h"
#include "origins/descriptor.h"
#include "queue.h"
#include "shared_descriptors.h"

namespace kevent {
namespace {

constexpr uint32_t kMostPerCollect = 1024;
// In a row, while the kernel's clock does not tick: so long all the others wait before they are asked about.
constexpr uint32_t kMostGuesses = 64;
// Bytes, into the slab in one go: whoever looks at them then, and sends them on, finds them in the processor's cache.
constexpr uint32_t kMostReceived = 128 << 10;
constexpr uint32_t kSources = 4 + KEVENT_MAX_SAME_FD;  // events that are not about one kevent

}  // namespace

// Asks the kernel for as much as is wanted and not ready yet. The rest stays there.
void Queue::collect(uint32_t wanted) {
  owes_collect_ = false;
  if (wanted > 0 && guess()) return;
  bool orphan = false;
  bool more = true;
  // What comes may be of kevents that are to be muted, and hide others behind it: each is muted by that,
  // so asking again ends.
  while (more && ready_.size() < wanted) {
    epoll_event events[kMostPerCollect + kSources];
    uint32_t limit = std::min(wanted - ready_.size(), kMostPerCollect) + 3 + epoll_.lane_count();
    collects_++;
    uint32_t before = ready_.size();
    int count = epoll_.collect(events, static_cast<int>(limit), kMostPerCollect + kSources);
    for (int i = 0; i < count; i++) route(events[i], &orphan);
    if (count == 1 && events[0].events == EPOLLIN) {
      busy_ = events[0].data.u64;
      guesses_ = 0;
      asked_ = coarse_now();
    }
    more = count >= static_cast<int>(limit) && ready_.size() == before && !orphan;
  }
  if (orphan) leave_orphans();
}

// The stream that alone was ready when the kernel was asked is the most likely to be the reason why we are here again.
// To receive from it is to find out, and saves the asking: a connection that is alone costs no more than without a queue.
bool Queue::guess() {
  if (busy_ == kNobody) return false;
  Kevent* kevent = table_.at(static_cast<uint32_t>(busy_), static_cast<uint32_t>(busy_ >> 32));
  bool possible = kevent && kevent->u.type == KEVENT_NAIO && (kevent->u.event & KEVENT_SOCKET_RECV) &&
                  kevent->level() && !kevent->wants(KEVENT_REQ_ONESHOT | KEVENT_REQ_MUTED) &&
                  !kevent->is(Kevent::kReady | Kevent::kMuted | Kevent::kNoSocket) && !uncommitted(*kevent);
  if (!possible || !ready_.empty() || guesses_ == kMostGuesses || coarse_now() != asked_) {
    busy_ = kNobody;
    return false;
  }
  guesses_++;
  naio_origin().fired(*this, *kevent, EPOLLIN);
  return !ready_.empty();
}

void Queue::route(const epoll_event& event, bool* orphan) {
  uint32_t index = static_cast<uint32_t>(event.data.u64);
  uint32_t generation = static_cast<uint32_t>(event.data.u64 >> 32);
  if (index != kSpecial) {
    Kevent* kevent = table_.at(index, generation);
    if (kevent) {
      descriptor_origin(kevent->u.type).fired(*this, *kevent, event.events);
    } else {
      *orphan = true;
    }
    return;
  }
  switch (static_cast<Source>(generation)) {
    case Source::wake: signalled_ = false; break;
    case Source::timers: timers_.expire(*this); break;
    case Source::inodes: inodes_.collect(*this); break;
    case Source::gathered: inodes_.gathered(*this); break;
    case Source::signals: signals_.collect(*this); break;
    default: break;  // a lane; its events come by themselves
  }
}

void Queue::leave_orphans() {
  epoll_.rebuild([this](uint32_t index, uint32_t* generation) {
    Kevent& kevent = table_.at(index);
    *generation = kevent.generation;
    return descriptor_origin(kevent.u.type).watched(kevent);
  });
  SharedDescriptors::instance().forget_put_off(this);
  // Whoever sleeps on the old set, here or in an event loop outside, has to come and see the new one.
  signalled_ = false;
  if (waiters_.leader()) signal();
  tell_all();
}

// The first ready kevent that may be delivered. Those that are no longer ready fall off the list.
Kevent* Queue::next_ready() {
  while (!ready_.empty()) {
    Kevent& kevent = ready_.front();
    const Origin* origin = origin_of(kevent.u.type);
    bool ask = kevent.wants(KEVENT_REQ_LAST_CHECK) || origin->always_check();
    if (!ask || kevent.is(Kevent::kBroken | Kevent::kLast) || origin->check(*this, kevent)) return &kevent;
    ready_.remove(kevent);
    origin->resume(*this, kevent);
    busy_ = kNobody;
    dropped_ = true;
  }
  return nullptr;
}

void Queue::take(Kevent& kevent, ukevent& out, SlotOwner& owner) {
  ready_.remove(kevent);
  out = kevent.u;
  out.ret_flags = KEVENT_RET_DONE;
  // What it was muted for, or put off, before the slot was filled is looked at when it is done.
  bool again = kevent.level() && kevent.is(Kevent::kMuted | Kevent::kAgain);
  owner = {kevent.index, kevent.generation, -1, 0, 0, kevent.level(), again, false};
  if (is_descriptor(kevent.u.type) && !kevent.wants(KEVENT_REQ_WAKEUP_ALL) && SharedDescriptors::instance().any()) {
    owner.shared_fd = kevent.fd;
    owner.shared_mask = descriptor_origin(kevent.u.type).interest(kevent);
    owner.special = true;
  }
  if (kevent.is(Kevent::kBroken)) {
    out.ret_flags |= KEVENT_RET_BROKEN;
    out.ret_data[0] = 0;
    return;
  }
  origin_of(kevent.u.type)->deliver(*this, kevent, out);
  if (kevent.u.type == KEVENT_INODE || kevent.u.type == KEVENT_SIGNAL) owner.payload = out.ret_data[1];
  if (kevent.u.type == KEVENT_NAIO && (out.ret_data[0] & kLengthMask) > 0) {
    owner.payload = (out.ret_data[1] >> KEVENT_NAIO_BLOCK_SHIFT) + 1;
    owner.in_slab = true;
    // Who gives much takes long, and saves little.
    if ((out.ret_data[0] & kLengthMask) > KEVENT_NAIO_MOST_SHARED) busy_ = kNobody;
  }
  owner.special |= owner.payload != 0;
}

void Queue::taken(Kevent& kevent, bool in_slot) {
  delivered_++;
  if (in_slot) to_ring_++;
  if (kevent.wants(KEVENT_REQ_ONESHOT) || kevent.is(Kevent::kBroken | Kevent::kLast)) {
    if (in_slot) plain_from_ = ring_.head();
    discard(kevent);
  } else if (!in_slot) {
    origin_of(kevent.u.type)->committed(*this, kevent);
  } else if (kevent.level()) {
    kevent.slot = ring_.head();
  }
}

// Timers are late by whatever is done before they are delivered, so a claim does nothing else if some are due. Not
// even set the timerfd for the next: this one's expiry was not collected, so the queue's descriptors stay readable,
// and whoever asks next asks the kernel too. Unless it was collected already, and the time waited for since.
bool Queue::take_due_timers() {
  if (owes_collect_ || !timers_.due()) return false;
  bool armed = timers_.armed();
  timers_.expire(*this);
  owes_collect_ = armed && !ready_.empty();
  return !ready_.empty();
}

uint32_t Queue::fill_ring(uint32_t most) {
  uint32_t moved = 0;
  uint32_t received = 0;
  bool broadcast = false;
  ReadyList::Scout scout(ready_);
  while (moved < most && received < kMostReceived && ring_.room() > 0) {
    Kevent* kevent = next_ready();
    if (!kevent) break;
    scout.go_on();
    ukevent event;
    SlotOwner owner;
    take(*kevent, event, owner);
    bool all = event.req_flags & KEVENT_REQ_WAKEUP_ALL;
    if (owner.in_slab) received += event.ret_data[0] & kLengthMask;
    ring_.fill(event, owner, all);
    taken(*kevent, true);
    broadcast |= all;
    moved++;
  }
  if (broadcast) release_all();
  return moved;
}

// What looked ready may have fallen off the list, and kept others from being asked: then once more.
uint32_t Queue::collect_into_ring(uint32_t wanted, uint32_t most) {
  dropped_ = false;
  collect(wanted);
  uint32_t moved = fill_ring(most);
  if (moved == 0 && dropped_) {
    collect(wanted);
    moved = fill_ring(most);
  }
  return moved;
}

bool Queue::something_is_ready() {
  dropped_ = false;
  collect(1);
  if (next_ready()) return true;
  if (dropped_) collect(1);
  return next_ready() != nullptr;
}

// Nobody reads a special slot any more: its payload goes, and its origin is looked at again. Most slots are
// not special: of their kevents nothing has to be said, as these know which slot they are in.
void Queue::slot_done(const SlotOwner& owner) {
  if (owner.payload) payload_done(owner);
  if (owner.shared_fd >= 0) SharedDescriptors::instance().give_back(owner.shared_fd, this, owner.shared_mask);
  Kevent* kevent = table_.at(owner.index, owner.generation);
  if (!kevent || !owner.level) return;
  if (kevent->is(Kevent::kAgain)) {
    kevent->state &= ~Kevent::kAgain;
    occurred(*kevent);
  }
  // Only what was muted has to be asked again.
  if (kevent->is(Kevent::kMuted)) origin_of(kevent->u.type)->committed(*this, *kevent);
}

void Queue::payload_done(const SlotOwner& owner) {
  if (owner.in_slab) {
    naio_.drop(*this, owner.payload - 1);
  } else {
    payloads_.drop(owner.payload);
    inodes_.relieve(*this);
  }
}

// A delivery to a buffer has no slot that says when it is done: that is when its reader comes back.
void Queue::release_unslotted() {
  for (const SlotOwner& owner : unslotted_) {
    if (owner.in_slab) payload_done(owner);
    if (owner.shared_fd >= 0) SharedDescriptors::instance().give_back(owner.shared_fd, this, owner.shared_mask);
  }
  unslotted_.clear();
}

int Queue::get_events(uint32_t min_nr, uint32_t max_nr, const kevent_timespec* timeout, ukevent* buf,
                      uint32_t flags) {
  Deadline deadline;
  int error = deadline.set(timeout, flags);
  if (error < 0) return error;
  if (min_nr > max_nr) return -EINVAL;
  if (max_nr > 0 && !buf) return -EFAULT;

  Lock lock(mutex_);
  Waiter waiter;
  release_unslotted();
  uint32_t moved = 0;
  for (;;) {
    if (closed_) return moved > 0 ? static_cast<int>(moved) : -EBADF;
    bool nonblock = flags & KEVENT_FLAGS_NONBLOCK;
    bool over = nonblock || deadline.passed();
    if (moved == 0 && takes_token(!over)) return 0;
    dropped_ = false;
    collect(max_nr - moved);
    bool stop = waiter.released || (over && !(flags & KEVENT_FLAGS_SLICE));
    if (moved + ready_.size() >= min_nr || stop) {
      // LAST_CHECK may find that less is ready than it seemed: then we wait for the rest.
      moved += fill_buffer(max_nr - moved, buf + moved);
      if (moved < max_nr && dropped_) {
        collect(max_nr - moved);
        moved += fill_buffer(max_nr - moved, buf + moved);
      }
      if (moved >= min_nr || stop) {
        pass_on();
        return moved == 0 && min_nr > 0 && nonblock ? -EAGAIN : static_cast<int>(moved);
      }
    }
    waiter.minimum = min_nr - moved;
    error = over ? -EAGAIN : sleep(lock, waiter, deadline);
    if (error < 0) {
      pass_on();
      return moved > 0 ? static_cast<int>(moved) : error;
    }
  }
}

uint32_t Queue::fill_buffer(uint32_t most, ukevent* buf) {
  uint32_t moved = 0;
  bool broadcast = false;
  ReadyList::Scout scout(ready_);
  for (; moved < most; moved++) {
    Kevent* kevent = next_ready();
    if (!kevent) break;
    scout.go_on();
    SlotOwner owner;
    take(*kevent, buf[moved], owner);
    bool all = buf[moved].req_flags & KEVENT_REQ_WAKEUP_ALL;
    bool in_slot = ring_.room() > 0;
    if (in_slot) {
      ring_.fill(buf[moved], owner, all);
    } else {
      if (ring_.exists()) buf[moved].ret_flags |= KEVENT_RET_COPY_FAILED;
      if (owner.payload && !owner.in_slab) payloads_.keep(owner.payload);
      if (owner.shared_fd >= 0 || owner.in_slab) unslotted_.push_back(owner);
    }
    taken(*kevent, in_slot);
    broadcast |= all;
  }
  if (broadcast) release_all();
  return moved;
}

}  // namespace kevent
