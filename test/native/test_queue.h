// A queue with its ring, as a caller of the seed's calls would hold it.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "check.h"
#include "clock.h"
#include "kevent.h"

constexpr kevent_timespec kAtOnce = {0, 0};

inline ukevent request(uint32_t type, uint64_t id, uint32_t event, uint32_t req_flags = 0, uint32_t user = 0) {
  ukevent entry{};
  entry.id.raw_u64 = id;
  entry.type = type;
  entry.event = event;
  entry.req_flags = req_flags;
  entry.user[0] = user;
  return entry;
}

inline ukevent user_event(uint64_t id, uint32_t req_flags = 0) { return request(KEVENT_UNOTIFY, id, 1, req_flags); }

namespace check {

class TestQueue {
 public:
  // 0: without a ring.
  explicit TestQueue(uint32_t size = 8) : size_(size) {
    // No byte more than was said, so that the sanitizers see a write behind it.
    if (size_) ring_.reset(new uint64_t[1 + 5 * size_]());
    fd_ = kevent_init(ring(), size_, 0);
    CHECK(fd_ >= 0);
  }
  ~TestQueue() { close(); }
  TestQueue(const TestQueue&) = delete;
  TestQueue& operator=(const TestQueue&) = delete;

  void close() {
    if (fd_ >= 0) CHECK_EQ(kevent_close(fd_), 0);
    fd_ = -1;
  }
  // It was closed by other means.
  void forget() { fd_ = -1; }
  int fd() const { return fd_; }
  uint32_t size() const { return size_; }
  kevent_ring* ring() { return reinterpret_cast<kevent_ring*>(ring_.get()); }
  const ukevent& slot(uint64_t position) { return ring()->event[position % size_]; }

  // One entry: 0, a negative errno, or 1 for an ADD that is ready at once (entry says what).
  int ctl(uint32_t cmd, ukevent& entry) {
    int carried_out = kevent_ctl(fd_, cmd, 1, &entry);
    if (carried_out == 0) {
      CHECK_EQ(entry.ret_flags, KEVENT_RET_BROKEN | KEVENT_RET_DONE);
      return static_cast<int>(entry.ret_data[1]);
    }
    CHECK_EQ(carried_out, 1);
    if (cmd != KEVENT_CTL_ADD) CHECK_EQ(entry.ret_flags, KEVENT_RET_DONE);
    return cmd == KEVENT_CTL_ADD && entry.ret_flags == KEVENT_RET_DONE;
  }
  int add(ukevent entry) { return ctl(KEVENT_CTL_ADD, entry); }
  int remove(ukevent entry) { return ctl(KEVENT_CTL_REMOVE, entry); }
  int modify(ukevent entry) { return ctl(KEVENT_CTL_MODIFY, entry); }
  int ready(ukevent entry) { return ctl(KEVENT_CTL_READY, entry); }
  void wake() { CHECK_EQ(kevent_ctl(fd_, KEVENT_CTL_READY, 0, nullptr), 0); }

  int wait(uint32_t num, const kevent_timespec* timeout = &kAtOnce, uint32_t flags = 0) {
    return kevent_wait(fd_, num, __atomic_load_n(&ring()->ring_kidx, __ATOMIC_ACQUIRE), timeout, flags);
  }
  int commit(uint64_t position) {
    return kevent_commit(fd_, static_cast<uint32_t>(position % size_), static_cast<uint32_t>(position / size_));
  }

  // What is ready now, moved into the ring. Its slots are taken until commit_read().
  std::vector<ukevent> read() {
    std::vector<ukevent> events;
    CHECK(wait(size_) >= 0);
    for (uint64_t head = stats().head; read_ < head; read_++) events.push_back(slot(read_));
    return events;
  }
  // The next event, waited for; then its slot is taken until commit_read().
  ukevent read_one() {
    uint64_t start = now_ns();
    CHECK_EQ(wait(1, &kPatience), 1);
    CHECK(now_ns() - start < kLateNs);
    return slot(read_++);
  }
  int commit_read() { return commit(read_); }
  ukevent next() {
    ukevent event = read_one();
    CHECK(commit_read() > 0);
    return event;
  }
  // The next event, if it is ready: into a buffer.
  int get(ukevent* event) { return kevent_get_events(fd_, 0, 1, &kAtOnce, event, 0); }

  // Nothing is ready.
  bool idle() {
    kevent_statistics before = stats();
    int moved = size_ ? wait(1, &kAtOnce, KEVENT_FLAGS_NONBLOCK)
                      : kevent_get_events(fd_, 1, 1, &kAtOnce, &scratch_, KEVENT_FLAGS_NONBLOCK);
    return moved == -EAGAIN && stats().delivered == before.delivered;
  }

  kevent_statistics stats() {
    kevent_statistics out;
    CHECK_EQ(kevent_stats(fd_, &out), 0);
    return out;
  }

 private:
  uint32_t size_;
  std::unique_ptr<uint64_t[]> ring_;
  int fd_;
  uint64_t read_ = 0;
  ukevent scratch_{};
};

}  // namespace check

using check::TestQueue;
