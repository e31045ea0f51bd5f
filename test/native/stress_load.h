// The producing side of the stress test: threads that make events happen, and the account that
// says of each occurrence whether it has arrived.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "kevent.h"

namespace stress {

// In user[0] of each kevent. LEVEL, EDGE and their eventfds are counted; each ONCE is one occurrence.
enum Kind : uint32_t { kLevel, kEdge, kLevelFd, kEdgeFd, kOnce, kKinds };

constexpr uint32_t kPerKind = 16;  // kevents of each counted kind
constexpr uint32_t kAhead = 4096;  // so many ONCE kevents may wait to be delivered

class Load {
 public:
  // total: occurrences in all, an equal share of each kind.
  explicit Load(uint32_t total) : each_(total / kKinds), arrived_(each_) {
    for (int& fd : fds_) {
      fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
      CHECK(fd >= 0);
    }
  }
  ~Load() {
    for (int fd : fds_) close(fd);
  }

  void add_to(int queue) {
    std::vector<ukevent> entries;
    for (uint32_t i = 0; i < kPerKind; i++) {
      entries.push_back(user_event(kLevel, i));
      entries.push_back(user_event(kEdge, i));
      entries.push_back(eventfd_event(kLevelFd, i));
      entries.push_back(eventfd_event(kEdgeFd, i));
    }
    int count = static_cast<int>(entries.size());
    CHECK_EQ(kevent_ctl(queue, KEVENT_CTL_ADD, static_cast<uint32_t>(count), entries.data()), count);
  }

  // Starts the producers. They stop by themselves, the sooner if the queue is closed.
  void start(int queue) {
    threads_.emplace_back([this, queue] { produce_user_events(queue, kLevel); });
    threads_.emplace_back([this, queue] { produce_user_events(queue, kEdge); });
    threads_.emplace_back([this] { produce_writes(); });
    threads_.emplace_back([this, queue] { produce_once(queue); });
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  void hurry() { hurry_.store(true, std::memory_order_relaxed); }

  // A reader has this event, and it alone.
  void arrived(const ukevent& event) {
    CHECK_EQ(event.ret_flags, static_cast<uint32_t>(KEVENT_RET_DONE));
    uint32_t kind = event.user[0], which = event.user[1];
    switch (kind) {
      case kLevel:
      case kEdge:
        CHECK(event.ret_data[0] > 0);
        arrived_count_.fetch_add(event.ret_data[0]);
        break;
      case kLevelFd:
      case kEdgeFd: {
        uint64_t value = 0;
        int fd = fds_[(kind - kLevelFd) * kPerKind + which];
        CHECK_EQ(event.id.raw[0], static_cast<uint32_t>(fd));
        if (read(fd, &value, sizeof value) == sizeof value) arrived_count_.fetch_add(value);
        break;
      }
      case kOnce:
        CHECK(which < each_);
        CHECK(!arrived_[which].exchange(true));
        arrived_once_.fetch_add(1);
        arrived_count_.fetch_add(1);
        break;
      default: CHECK(kind < kKinds);
    }
    events_.fetch_add(1, std::memory_order_relaxed);
  }

  uint64_t expected() const { return uint64_t{each_} * kKinds; }
  uint64_t arrived_count() const { return arrived_count_.load(); }
  uint64_t events() const { return events_.load(); }

  // Nothing is lost if this comes true; nothing came twice if it stays.
  bool complete() const { return arrived_count() == expected(); }
  void wait_until_complete(int queue) {
    auto last = std::chrono::steady_clock::now();
    uint64_t before = 0;
    while (!complete()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      auto now = std::chrono::steady_clock::now();
      if (arrived_count() != before) {
        before = arrived_count();
        last = now;
      }
      if (now - last > std::chrono::seconds(20)) give_up(queue);
    }
    CHECK_EQ(arrived_once_.load(), each_);
  }

 private:
  static ukevent user_event(Kind kind, uint32_t which) {
    ukevent entry{};
    entry.type = KEVENT_UNOTIFY;
    entry.id.raw[0] = kind;
    entry.req_flags = kind == kEdge ? KEVENT_REQ_ET : 0;
    entry.user[0] = kind;
    entry.user[1] = which;
    return entry;
  }
  ukevent eventfd_event(Kind kind, uint32_t which) {
    ukevent entry{};
    entry.type = KEVENT_POLL;
    entry.id.raw[0] = static_cast<uint32_t>(fds_[(kind - kLevelFd) * kPerKind + which]);
    entry.event = KEVENT_POLL_POLLIN;
    entry.req_flags = kind == kEdgeFd ? KEVENT_REQ_ET : 0;
    entry.user[0] = kind;
    entry.user[1] = which;
    return entry;
  }

  static bool gone(int result) { return result == -EBADF || result == -EINVAL; }

  void produce_user_events(int queue, Kind kind) {
    for (uint32_t made = 0; made < each_ && !hurry_;) {
      ukevent entries[4];
      uint32_t count = std::min(1 + made % 4, each_ - made);
      for (uint32_t i = 0; i < count; i++) entries[i] = user_event(kind, (made + i) % kPerKind);
      int result = kevent_ctl(queue, KEVENT_CTL_READY, count, entries);
      if (gone(result)) return;
      CHECK_EQ(result, static_cast<int>(count));
      made += count;
    }
  }
  void produce_writes() {
    for (uint32_t made = 0, turn = 0; made < 2 * each_ && !hurry_; turn++) {
      uint64_t value = std::min<uint64_t>(1 + turn % 3, 2 * each_ - made);
      CHECK_EQ(write(fds_[turn % fds_.size()], &value, sizeof value), static_cast<ssize_t>(sizeof value));
      made += static_cast<uint32_t>(value);
    }
  }
  // One half is ready by CTL_READY, the other by REQ_READY at ADD.
  void produce_once(int queue) {
    for (uint32_t made = 0; made < each_ && !hurry_;) {
      while (made - arrived_once_.load() > kAhead && !hurry_) std::this_thread::yield();
      ukevent entries[8];
      uint32_t count = std::min(8u, each_ - made);
      uint32_t by_ctl = made % 16 ? KEVENT_REQ_READY : 0;
      for (uint32_t i = 0; i < count; i++) {
        entries[i] = user_event(kOnce, made + i);
        entries[i].req_flags = KEVENT_REQ_ONESHOT | by_ctl;
      }
      int result = kevent_ctl(queue, KEVENT_CTL_ADD, count, entries);
      if (!gone(result) && !by_ctl) result = kevent_ctl(queue, KEVENT_CTL_READY, count, entries);
      if (gone(result)) return;
      CHECK_EQ(result, static_cast<int>(count));
      made += count;
    }
  }

  // The threads that sleep can no longer be joined, so the process ends here.
  [[noreturn]] void give_up(int queue) {
    kevent_statistics s{};
    kevent_stats(queue, &s);
    fprintf(stderr, "nothing has arrived for 20 s: %llu of %llu occurrences, ready %llu, head %llu, tail %llu\n",
            static_cast<unsigned long long>(arrived_count()), static_cast<unsigned long long>(expected()),
            static_cast<unsigned long long>(s.ready), static_cast<unsigned long long>(s.head),
            static_cast<unsigned long long>(s.tail));
    abort();
  }

  uint32_t each_;
  std::array<int, 2 * kPerKind> fds_;
  std::vector<std::atomic<bool>> arrived_;
  std::atomic<uint32_t> arrived_once_{0};
  std::atomic<uint64_t> arrived_count_{0};
  std::atomic<uint64_t> events_{0};
  std::atomic<bool> hurry_{false};
  std::vector<std::thread> threads_;
};

}  // namespace stress
