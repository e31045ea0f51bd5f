// kevent_ctl: what changes the kevents of a queue.
#include <cerrno>

#include "origins/descriptor.h"
#include "queue.h"
#include "sockets.h"

namespace kevent {
namespace {

constexpr uint32_t kRequestFlags = KEVENT_REQ_ONESHOT | KEVENT_REQ_WAKEUP_ALL | KEVENT_REQ_ET |
                                   KEVENT_REQ_LAST_CHECK | KEVENT_REQ_ALWAYS_QUEUE | KEVENT_REQ_READY |
                                   KEVENT_REQ_MUTED;
// Entries whose memory is on its way while one is carried out: their buckets, which say where their kevents are, and then
// these. Measured with a million timers: more of the second are in the way of what the entry itself needs.
constexpr uint32_t kBucketsAhead = 12;
constexpr uint32_t kKeventsAhead = 4;

}  // namespace

int Queue::control(uint32_t cmd, uint32_t num, ukevent* entries) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (cmd > KEVENT_CTL_READY) return -EINVAL;
  if (num > 0 && !entries) return -EFAULT;
  if (cmd == KEVENT_CTL_READY && num == 0) {
    tokens_++;
    pass_on();
    return 0;
  }
  int carried_out = 0;
  for (uint32_t i = 0; i < num; i++) {
    if (i + kBucketsAhead < num) table_.prefetch_bucket(entries[i + kBucketsAhead]);
    if (i + kKeventsAhead < num) table_.prefetch_kevent(entries[i + kKeventsAhead]);
    ukevent& entry = entries[i];
    int outcome = 0;
    switch (cmd) {
      case KEVENT_CTL_ADD: outcome = add(entry); break;
      case KEVENT_CTL_REMOVE: outcome = remove(entry); break;
      case KEVENT_CTL_MODIFY: outcome = modify(entry); break;
      case KEVENT_CTL_READY: outcome = make_ready(entry); break;
    }
    if (outcome < 0) {
      entry.ret_flags = KEVENT_RET_BROKEN | KEVENT_RET_DONE;
      entry.ret_data[0] = 0;
      entry.ret_data[1] = static_cast<uint32_t>(outcome);
      continue;
    }
    entry.ret_flags = cmd == KEVENT_CTL_ADD && outcome == 0 ? 0 : KEVENT_RET_DONE;
    carried_out++;
  }
  timers_.forget_now();
  pass_on();
  return carried_out;
}

// 0: queued. 1: ready now, not registered. Negative errno.
int Queue::add(ukevent& entry) {
  bool says_first = entry.type == KEVENT_TIMER && (entry.event & KEVENT_TIMER_FIRST);
  if (!says_first) entry.ret_data[0] = entry.ret_data[1] = 0;
  const Origin* origin = origin_of(entry.type);
  if (!origin) return -ENOSYS;
  if (entry.req_flags & ~kRequestFlags) return -EINVAL;
  Kevent* holder = table_.find(entry);
  if (holder) {
    if (!holder->is(Kevent::kBroken) && !origin->stale(*this, *holder)) return -EEXIST;
    discard(*holder);
  }
  int error = 0;
  Kevent* kevent = table_.insert(entry, &error);
  if (!kevent) return -error;
  kevent->u.ret_flags = 0;
  int outcome = origin->enqueue(*this, *kevent);
  if (outcome != 0) {
    entry.ret_data[0] = kevent->u.ret_data[0];
    entry.ret_data[1] = kevent->u.ret_data[1];
    delete kevent->extra;
    table_.erase(*kevent);
    if (outcome > 0) {
      total_++;
      immediate_++;
    }
    return outcome;
  }
  entry.ret_data[0] = entry.ret_data[1] = 0;
  total_++;
  if (kevent->wants(KEVENT_REQ_READY)) {
    kevent->pending++;
    occurred(*kevent);
  }
  return 0;
}

int Queue::remove(const ukevent& entry) {
  Kevent* kevent = table_.find(entry);
  if (!kevent) return -ENOENT;
  // Not in discard: a ONESHOT kevent that was delivered holds on until its slot is done.
  if (is_descriptor(kevent->u.type)) descriptor_origin(kevent->u.type).give_back(*this, *kevent);
  discard(*kevent);
  return 0;
}

int Queue::close_stream(const ukevent& entry) {
  int fd;
  {
    Lock lock(mutex_);
    if (closed_) return -EBADF;
    Kevent* kevent = table_.find(entry);
    if (!kevent) return -ENOENT;
    if (kevent->u.type != KEVENT_NAIO) return -EINVAL;
    fd = kevent->fd;
    epoll_.forget(fd, kevent->index, kevent->lane);
    remove(entry);
    pass_on();
  }
  // Not under the lock: with SO_LINGER it may take its time. Whatever it returns, the descriptor is gone.
  close_fd(fd);
  return 0;
}

int Queue::modify(const ukevent& entry) {
  Kevent* kevent = table_.find(entry);
  if (!kevent) return -ENOENT;
  if (entry.req_flags & ~kRequestFlags) return -EINVAL;
  if (kevent->is(Kevent::kBroken)) return -EBADF;
  ukevent before = kevent->u;
  kevent->u.event = entry.event;
  kevent->u.req_flags = entry.req_flags;
  int error = origin_of(entry.type)->modify(*this, *kevent, before);
  if (error == -EBADF) discard(*kevent);
  if (error < 0) return error;
  if (kevent->wants(KEVENT_REQ_MUTED) && kevent->is(Kevent::kReady)) {
    ready_.remove(*kevent);
    kevent->state |= Kevent::kAgain;
  } else if (!kevent->wants(KEVENT_REQ_MUTED) && kevent->is(Kevent::kAgain)) {
    kevent->state &= ~Kevent::kAgain;
    occurred(*kevent);
  }
  return 0;
}

int Queue::make_ready(const ukevent& entry) {
  Kevent* kevent = table_.find(entry);
  if (!kevent) return -ENOENT;
  if (kevent->pending < UINT32_MAX) kevent->pending++;
  occurred(*kevent);
  return 0;
}

void Queue::occurred(Kevent& kevent) {
  if (kevent.is(Kevent::kReady)) return;
  bool held = kevent.level() && uncommitted(kevent);
  bool muted = kevent.wants(KEVENT_REQ_MUTED) && !kevent.is(Kevent::kBroken);
  if (held) look_again_at_commit(kevent);
  if (held || muted) {
    kevent.state |= Kevent::kAgain;
    return;
  }
  ready_.push_back(kevent);
}

void Queue::broke(Kevent& kevent, int error) {
  naio_.let_go(*this, kevent);
  kevent.state |= Kevent::kBroken;
  kevent.u.ret_data[1] = static_cast<uint32_t>(-error);
  occurred(kevent);
}

// Removed is removed: even if it was ready, nobody hears of it.
void Queue::discard(Kevent& kevent) {
  origin_of(kevent.u.type)->dequeue(*this, kevent);
  if (kevent.is(Kevent::kReady)) ready_.remove(kevent);
  delete kevent.extra;
  table_.erase(kevent);
}

}  // namespace kevent
