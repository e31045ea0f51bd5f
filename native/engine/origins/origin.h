// What an event type does at each step of a kevent's life. One file a type beside this one.
//
// All of it runs under the queue's mutex. None of it blocks.
#pragma once

#include "kevent_node.h"

namespace kevent {

class Queue;

class Origin {
 public:
  virtual ~Origin() = default;

  // ADD: start asking. 0: queued. 1: ready now, and not to be registered (ret_data is filled in).
  // Negative errno: cannot be. After anything but 0 nothing is left to undo.
  virtual int enqueue(Queue& queue, Kevent& kevent) const = 0;
  // REMOVE, the last delivery, close of the queue: stop asking.
  virtual void dequeue(Queue& queue, Kevent& kevent) const = 0;
  // MODIFY: event and req_flags are the new ones, `before` has the old.
  virtual int modify(Queue& queue, Kevent& kevent, const ukevent& before) const = 0;
  // May this ready kevent be delivered? Asked at the moment of delivery if LAST_CHECK is set.
  virtual bool check(Queue& queue, Kevent& kevent) const = 0;
  // Asked at every delivery, LAST_CHECK or not.
  virtual bool always_check() const { return false; }
  // The check said no: go on asking.
  virtual void resume(Queue& queue, Kevent& kevent) const;
  // Delivery: put what has collected into out.ret_data, and start collecting afresh.
  virtual void deliver(Queue& queue, Kevent& kevent, ukevent& out) const = 0;
  // Level: the slot was given back (or there was none), so look again.
  virtual void committed(Queue& queue, Kevent& kevent) const;
  // The key is taken: by a kevent whose origin is gone for good?
  virtual bool stale(Queue& queue, Kevent& kevent) const;
};

// nullptr: no such type, or none that is built.
const Origin* origin_of(uint32_t type);

const Origin& socket_origin();
const Origin& pipe_origin();
const Origin& poll_origin();
const Origin& timer_origin();
const Origin& posix_timer_origin();
const Origin& signal_origin();
const Origin& inode_origin();
const Origin& unotify_origin();

}  // namespace kevent
