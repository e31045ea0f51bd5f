// A queue for one test: its ring, and short names for the calls.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "check.h"
#include "kevent.h"

constexpr kevent_timespec kNow = {0, 0};
constexpr kevent_timespec kSoon = {0, 20000000};
constexpr kevent_timespec kLong = {30, 0};

inline ukevent event_of(uint32_t type, uint64_t id, uint32_t event, uint32_t flags = 0, uint32_t user = 0) {
  ukevent u{};
  u.id.raw_u64 = id;
  u.type = type;
  u.event = event;
  u.req_flags = flags;
  u.user[0] = user;
  return u;
}

inline ukevent user_event(uint32_t id, uint32_t flags = 0) {
  return event_of(KEVENT_UNOTIFY, id, KEVENT_MASK_ALL, flags);
}

class TestQueue {
 public:
  explicit TestQueue(uint32_t size) : size_(size) {
    if (size) memory_.reset(new uint64_t[1 + 5 * static_cast<size_t>(size)]());
    fd_ = kevent_init(ring(), size, 0);
    CHECK(fd_ >= 0);
  }
  ~TestQueue() { close(); }

  int fd() const { return fd_; }
  kevent_ring* ring() { return reinterpret_cast<kevent_ring*>(memory_.get()); }
  void close() {
    if (fd_ >= 0) CHECK_EQ(kevent_close(fd_), 0);
    fd_ = -1;
  }

  // Each does one entry, and returns what is in it afterwards: 0 or DONE, or the negative errno.
  int add(ukevent u) { return one(KEVENT_CTL_ADD, &u); }
  int remove(ukevent u) { return one(KEVENT_CTL_REMOVE, &u); }
  int modify(ukevent u) { return one(KEVENT_CTL_MODIFY, &u); }
  int ready(ukevent u) { return one(KEVENT_CTL_READY, &u); }
  int one(uint32_t cmd, ukevent* u) {
    int result = kevent_ctl(fd_, cmd, 1, u);
    if (u->ret_flags & KEVENT_RET_BROKEN) {
      CHECK_EQ(result, 0);
      return static_cast<int>(u->ret_data[1]);
    }
    CHECK_EQ(result, 1);
    return static_cast<int>(u->ret_flags);
  }

  int wait(uint32_t num, const kevent_timespec* timeout = &kNow) {
    return kevent_wait(fd_, num, ring()->ring_kidx, timeout, 0);
  }
  // Without a ring, or beside it.
  std::vector<ukevent> get(uint32_t min, uint32_t max, const kevent_timespec* timeout = &kNow) {
    std::vector<ukevent> events(max);
    int count = kevent_get_events(fd_, min, max, timeout, events.data(), 0);
    CHECK(count >= 0);
    events.resize(static_cast<size_t>(count));
    return events;
  }
  int commit(uint64_t position) {
    return kevent_commit(fd_, static_cast<uint32_t>(position % size_), static_cast<uint32_t>(position / size_));
  }
  int commit_all() { return commit(stats().head); }
  const ukevent& slot(uint64_t position) { return ring()->event[position % size_]; }
  kevent_statistics stats() {
    kevent_statistics s;
    CHECK_EQ(kevent_stats(fd_, &s), 0);
    return s;
  }
  // Fills `count` slots with user events 1000, 1001 ..., each gone once delivered.
  void fill(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
      CHECK_EQ(add(user_event(1000 + next_++, KEVENT_REQ_ONESHOT | KEVENT_REQ_READY)), 0);
    }
    CHECK_EQ(wait(count), static_cast<int>(count));
  }

 private:
  uint32_t size_;
  uint32_t next_ = 0;
  std::unique_ptr<uint64_t[]> memory_;
  int fd_;
};
