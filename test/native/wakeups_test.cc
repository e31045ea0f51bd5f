// Wake-ups reach somebody who can use them: none ends with a thread that lies down again, or in a
// descriptor that another thread has emptied.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include "check.h"
#include "kevent.h"

namespace {

constexpr kevent_timespec kNow = {0, 0};
constexpr kevent_timespec kTooLong = {3, 0};

struct Queue {
  explicit Queue(uint32_t size) : memory(new uint64_t[1 + 5 * size]()) {
    fd = kevent_init(reinterpret_cast<kevent_ring*>(memory.get()), size, 0);
    CHECK(fd >= 0);
  }
  ~Queue() { kevent_close(fd); }
  void add(uint32_t flags) {
    ukevent entry = user();
    entry.req_flags = flags;
    CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_ADD, 1, &entry), 1);
  }
  void occur() {
    ukevent entry = user();
    CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_READY, 1, &entry), 1);
  }
  static ukevent user() {
    ukevent entry{};
    entry.type = KEVENT_UNOTIFY;
    return entry;
  }
  std::unique_ptr<uint64_t[]> memory;
  int fd;
};

// There is no way to see that a thread sleeps in a call, but that it has had the time to.
void let_sleep() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

template <class Call>
struct Sleeper {
  explicit Sleeper(Call call) : thread([this, call] {
    auto start = std::chrono::steady_clock::now();
    result = call();
    in_time = std::chrono::steady_clock::now() - start < std::chrono::milliseconds(2500);
  }) {
    let_sleep();
  }
  std::atomic<int> result{-1};
  std::atomic<bool> in_time{false};
  std::thread thread;
};

TEST(one_who_waits_for_more_does_not_keep_the_wake_up_from_another) {
  Queue queue(8);
  queue.add(KEVENT_REQ_ET);
  Sleeper one([&] { return kevent_wait(queue.fd, 8, 0, &kTooLong, 0); });
  Sleeper two([&] {
    ukevent buffer[2];
    return kevent_get_events(queue.fd, 2, 2, &kTooLong, buffer, 0);
  });
  queue.occur();
  one.thread.join();
  two.thread.join();
  CHECK_EQ(one.result.load(), 1);
  CHECK(one.in_time);
}

TEST(a_wakeup_all_event_releases_a_sleeper_though_another_thread_collects) {
  Queue queue(8);
  queue.add(KEVENT_REQ_ET | KEVENT_REQ_WAKEUP_ALL);
  Sleeper sleeper([&] { return kevent_wait(queue.fd, 8, 0, &kTooLong, 0); });
  queue.occur();
  ukevent buffer;
  for (int i = 0; i < 4; i++) kevent_get_events(queue.fd, 0, 1, &kNow, &buffer, 0);
  sleeper.thread.join();
  CHECK(sleeper.in_time);
}

void count(void* told) { ++*static_cast<int*>(told); }

TEST(a_consumer_that_found_nothing_is_told_what_a_busy_one_collects) {
  Queue queue(8);
  queue.add(KEVENT_REQ_ET);
  int told = 0;
  uint64_t position;
  int busy = kevent_consumer_open(queue.fd, nullptr, nullptr);
  int idle = kevent_consumer_open(queue.fd, count, &told);
  CHECK_EQ(kevent_claim(queue.fd, idle, 8, nullptr, KEVENT_FLAGS_NONBLOCK, &position), -EAGAIN);
  queue.occur();
  told = 0;
  CHECK_EQ(kevent_claim(queue.fd, busy, 0, nullptr, KEVENT_FLAGS_NONBLOCK, &position), 0);
  CHECK_EQ(told, 1);
}

TEST(a_consumer_that_found_nothing_is_told_what_kevent_wait_moves) {
  Queue queue(8);
  queue.add(KEVENT_REQ_ET);
  int told = 0;
  uint64_t position;
  int idle = kevent_consumer_open(queue.fd, count, &told);
  CHECK_EQ(kevent_claim(queue.fd, idle, 8, nullptr, KEVENT_FLAGS_NONBLOCK, &position), -EAGAIN);
  queue.occur();
  told = 0;
  CHECK_EQ(kevent_wait(queue.fd, 8, 0, &kNow, 0), 1);
  CHECK_EQ(told, 1);
}

}  // namespace
