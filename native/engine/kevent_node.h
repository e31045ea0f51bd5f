// One registered interest, and where it stands on its way from origin to reader.
#pragma once

#include "kevent.h"
#include "timer_wheel.h"

namespace kevent {

constexpr uint32_t kNone = 0xffffffff;

// What a type has to keep beside the node: a subscription, a payload that grows. Few types do.
struct Extra {
  virtual ~Extra() = default;
};

struct Kevent {
  enum State : uint32_t {
    kLive = 1,         // in the table
    kReady = 2,        // on the ready list
    kMuted = 8,        // level: its origin is not being asked until the commit
    kAgain = 16,       // happened while uncommitted (level) or muted; ready when that ends
    kBroken = 32,      // the next delivery says so, and is the last
    kLast = 64,        // the next delivery is the last
    kDue = 128,        // TIMER: it has left the wheel, and goes on at its delivery
    kReceived = 256,   // NAIO: its bytes are in the slab, its event is not delivered yet
    kStarved = 512,    // NAIO: it waits for space in the slab
    kNoSocket = 1024,  // NAIO: read from, not received from
    kTcp = 2048,       // NAIO: a receive that does not fill its space has taken all there was, unless:
    kMore = 4096,      // NAIO: ... there is something behind it: the end, an error, urgent data
    kExact = 8192,     // TIMER: its wheel is that of the exact ones
  };

  // One cache line: what a timer touches from expiry to the ready list.
  WheelNode wheel;                   // TIMER
  uint32_t index;                    // its place in the table, for good
  uint32_t generation;               // counts the lives of that place
  uint32_t hash;                     // of its key
  uint32_t state;
  uint32_t ready_next, ready_prev;
  uint32_t pending;  // counted occurrences that are not delivered yet
  uint64_t slot;     // level: one more than the position that its last event was filled at

  // And one: what delivery touches.
  alignas(64) ukevent u;  // as the caller sees it; ret_data collects until delivery
  int32_t fd;             // descriptor types: what epoll has been told to watch
  uint32_t lane;          // ... and in which of its sets
  Extra* extra;           // owned

  bool is(uint32_t bits) const { return (state & bits) != 0; }
  bool wants(uint32_t req_flag) const { return (u.req_flags & req_flag) != 0; }
  bool level() const { return !wants(KEVENT_REQ_ET | KEVENT_REQ_ONESHOT); }
};

static_assert(sizeof(Kevent) == 128, "two cache lines, and half of the memory budget of a kevent");

}  // namespace kevent
