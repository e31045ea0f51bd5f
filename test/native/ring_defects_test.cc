// The defects of the original that concern the ring and the waiting calls: B1 to B12.
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "queue.h"

TEST(B1_a_full_ring_is_released_in_one_commit) {
  TestQueue q(8);
  q.fill(8);
  CHECK_EQ(q.ring()->ring_kidx, 0u);
  CHECK_EQ(kevent_commit(q.fd(), 0, 1), 8);
  CHECK_EQ(q.ring()->ring_over, 1u);
  q.fill(8);
}

TEST(B2_a_late_smaller_commit_frees_nothing_and_moves_nothing_back) {
  TestQueue q(64);
  q.fill(20);
  CHECK_EQ(q.commit(12), 12);
  CHECK_EQ(kevent_commit(q.fd(), 10, 0), 0);
  CHECK_EQ(kevent_commit(q.fd(), 12, 0), 0);
  CHECK_EQ(q.ring()->ring_over, 0u);
  CHECK_EQ(kevent_commit(q.fd(), 15, 0), 3);
}

TEST(B3_a_commit_beyond_the_head_is_refused) {
  TestQueue q(8);
  CHECK_EQ(kevent_commit(q.fd(), 5, 0), -EINVAL);
  q.fill(6);
  CHECK_EQ(q.commit(6), 6);
  q.fill(5);  // head 11: index 3, one wrap
  CHECK_EQ(kevent_commit(q.fd(), 4, 1), -EINVAL);
  CHECK_EQ(kevent_commit(q.fd(), 7, 1), -EINVAL);
  CHECK_EQ(kevent_commit(q.fd(), 3, 1), 5);
  CHECK_EQ(q.stats().tail, 11u);
}

TEST(B4_a_stale_overflow_count_is_no_position) {
  TestQueue q(8);
  q.fill(8);
  CHECK_EQ(kevent_commit(q.fd(), 3, 0xffffffff), -EOVERFLOW);
  CHECK_EQ(q.commit(8), 8);
  q.fill(8);
  CHECK_EQ(q.commit(16), 8);
  q.fill(4);
  CHECK_EQ(kevent_commit(q.fd(), 4, 1), 0);           // one wrap old: late, harmless
  CHECK_EQ(kevent_commit(q.fd(), 4, 0), -EOVERFLOW);  // two
  CHECK_EQ(q.stats().tail, 16u);
}

TEST(B4_every_commit_of_a_ring_of_5_agrees_with_plain_positions) {
  for (uint64_t tail = 0; tail <= 12; tail++) {
    for (uint64_t filled = 0; filled <= 5; filled++) {
      for (uint32_t index = 0; index <= 5; index++) {
        for (int64_t over = -1; over <= 4; over++) {
          TestQueue q(5);
          for (uint64_t at = 0; at < tail; at++) {
            q.fill(1);
            CHECK_EQ(q.commit(at + 1), 1);
          }
          if (filled) q.fill(static_cast<uint32_t>(filled));
          int64_t wraps = static_cast<int64_t>(tail / 5);
          int64_t position = over * 5 + index;
          int expected = 0;
          if (index >= 5) {
            expected = -EINVAL;
          } else if (over < 0 || wraps - over > 1) {
            expected = -EOVERFLOW;
          } else if (position > static_cast<int64_t>(tail + filled)) {
            expected = -EINVAL;
          } else if (position > static_cast<int64_t>(tail)) {
            expected = static_cast<int>(position - static_cast<int64_t>(tail));
          }
          CHECK_EQ(kevent_commit(q.fd(), index, static_cast<uint32_t>(over)), expected);
          CHECK_EQ(q.stats().tail, tail + static_cast<uint64_t>(expected > 0 ? expected : 0));
        }
      }
    }
  }
}

// Returns once this many threads are asleep in the kernel, which is what the tests below start from.
static void wait_until_asleep(const std::atomic<pid_t>* threads, int count) {
  for (int i = 0; i < count; i++) {
    for (;;) {
      pid_t tid = threads[i].load();
      char path[64], state = 0;
      snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
      FILE* file = tid ? fopen(path, "r") : nullptr;
      if (file) {
        if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 0;
        fclose(file);
      }
      if (state == 'S') break;
      std::this_thread::yield();
    }
  }
}

TEST(B5_a_commit_wakes_who_waits_for_room) {
  TestQueue q(2);
  q.fill(2);
  CHECK_EQ(q.add(user_event(1, KEVENT_REQ_READY)), 0);
  std::atomic<pid_t> tid{0};
  std::thread waiter([&] {
    tid = gettid();
    CHECK_EQ(kevent_wait(q.fd(), 2, 0, &kLong, 0), 1);
  });
  wait_until_asleep(&tid, 1);
  CHECK_EQ(q.commit(1), 1);
  waiter.join();
  CHECK_EQ(q.slot(2).id.raw[0], 1u);
}

TEST(B6_wait_compares_the_head_that_the_caller_has_seen_and_not_the_tail) {
  TestQueue q(8);
  q.fill(3);
  CHECK_EQ(kevent_wait(q.fd(), 8, 0, &kLong, 0), 0);  // the head has moved on: no sleep
  CHECK_EQ(q.commit(2), 2);
  // Somebody's commit is no reason to stay awake.
  CHECK_EQ(kevent_wait(q.fd(), 8, 3, nullptr, KEVENT_FLAGS_NONBLOCK), -EAGAIN);
}

TEST(B7_one_event_wakes_one_thread_and_wakeup_all_wakes_all) {
  constexpr int kThreads = 4;
  TestQueue q(16);
  CHECK_EQ(q.add(user_event(1, KEVENT_REQ_ET)), 0);
  CHECK_EQ(q.add(user_event(2, KEVENT_REQ_ET | KEVENT_REQ_WAKEUP_ALL)), 0);
  std::atomic<pid_t> tids[kThreads]{};
  std::atomic<int> moved{0}, returned{0};
  std::thread threads[kThreads];
  for (int i = 0; i < kThreads; i++) {
    threads[i] = std::thread([&, i] {
      tids[i] = gettid();
      int result = kevent_wait(q.fd(), 16, 0, &kLong, 0);
      CHECK(result >= 0);
      moved += result;
      returned++;
      tids[i] = 0;
    });
  }
  wait_until_asleep(tids, kThreads);
  CHECK_EQ(q.ready(user_event(1)), static_cast<int>(KEVENT_RET_DONE));
  while (returned < 1) std::this_thread::yield();
  std::atomic<pid_t> asleep[kThreads - 1]{};
  int sleepers = 0;
  for (auto& tid : tids) {
    if (tid) asleep[sleepers++] = tid.load();
  }
  CHECK_EQ(sleepers, kThreads - 1);
  wait_until_asleep(asleep, kThreads - 1);
  CHECK_EQ(returned.load(), 1);
  CHECK_EQ(q.ready(user_event(2)), static_cast<int>(KEVENT_RET_DONE));
  for (std::thread& thread : threads) thread.join();
  CHECK_EQ(moved.load(), 2);
}

TEST(B8_each_wake_up_releases_exactly_one_waiter_and_waits_for_it) {
  TestQueue q(4);
  CHECK_EQ(kevent_ctl(q.fd(), KEVENT_CTL_READY, 0, nullptr), 0);
  CHECK_EQ(kevent_ctl(q.fd(), KEVENT_CTL_READY, 0, nullptr), 0);
  pollfd fd = {q.fd(), POLLIN, 0};
  CHECK(poll(&fd, 1, 0) >= 0);  // does not eat it
  CHECK_EQ(q.wait(4, &kLong), 0);
  CHECK_EQ(q.wait(4, &kLong), 0);
  CHECK_EQ(kevent_wait(q.fd(), 4, 0, nullptr, KEVENT_FLAGS_NONBLOCK), -EAGAIN);
}

TEST(B9_every_waiter_has_a_deadline_of_its_own_on_the_clock_of_its_choice) {
  TestQueue q(4);
  std::thread threads[3];
  const uint32_t clocks[] = {0, KEVENT_FLAGS_MONOTONIC, KEVENT_FLAGS_BOOTTIME};
  const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
  for (int i = 0; i < 3; i++) {
    threads[i] = std::thread([&, i] {
      timespec now;
      clock_gettime(ids[i], &now);
      int64_t end = now.tv_sec * 1000000000ll + now.tv_nsec + 10000000 * (i + 1);
      kevent_timespec until = {end / 1000000000, end % 1000000000};
      CHECK_EQ(kevent_wait(q.fd(), 4, 0, &until, KEVENT_FLAGS_ABSTIME | clocks[i]), 0);
      clock_gettime(ids[i], &now);
      CHECK(now.tv_sec * 1000000000ll + now.tv_nsec >= end);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(B10_get_events_waits_for_min_nr_and_needs_no_room_in_the_ring) {
  TestQueue q(2);
  q.fill(2);
  for (uint32_t id = 1; id <= 3; id++) CHECK_EQ(q.add(user_event(id, KEVENT_REQ_ET)), 0);
  CHECK_EQ(q.ready(user_event(1)), static_cast<int>(KEVENT_RET_DONE));
  std::atomic<pid_t> tid{0};
  std::atomic<bool> returned{false};
  std::thread waiter([&] {
    tid = gettid();
    std::vector<ukevent> events = q.get(3, 4, &kLong);
    returned = true;
    CHECK_EQ(events.size(), 3u);
    for (const ukevent& event : events) CHECK(event.ret_flags & KEVENT_RET_COPY_FAILED);
  });
  wait_until_asleep(&tid, 1);
  CHECK_EQ(q.ready(user_event(2)), static_cast<int>(KEVENT_RET_DONE));
  wait_until_asleep(&tid, 1);
  CHECK(!returned);
  CHECK_EQ(q.ready(user_event(3)), static_cast<int>(KEVENT_RET_DONE));
  waiter.join();
}

TEST(B10_get_events_returns_what_there_is_when_its_time_is_over) {
  TestQueue q(0);
  CHECK_EQ(q.add(user_event(1, KEVENT_REQ_READY)), 0);
  CHECK_EQ(q.get(3, 4, &kSoon).size(), 1u);
}

TEST(B11_a_copy_that_found_no_room_is_delivered_once_and_the_mark_is_that_deliverys_alone) {
  TestQueue q(2);
  q.fill(2);
  ukevent once = user_event(7, KEVENT_REQ_ONESHOT | KEVENT_REQ_READY);
  ukevent edge = user_event(8, KEVENT_REQ_ET | KEVENT_REQ_READY);
  CHECK_EQ(q.add(once), 0);
  CHECK_EQ(q.add(edge), 0);
  std::vector<ukevent> events = q.get(2, 2);
  CHECK_EQ(events.size(), 2u);
  for (const ukevent& event : events) CHECK_EQ(event.ret_flags, uint32_t{KEVENT_RET_DONE | KEVENT_RET_COPY_FAILED});
  CHECK_EQ(q.add(once), 0);  // the key is free again
  CHECK_EQ(q.commit(2), 2);
  CHECK_EQ(q.ready(edge), static_cast<int>(KEVENT_RET_DONE));
  events = q.get(2, 2);
  CHECK_EQ(events.size(), 2u);
  for (const ukevent& event : events) CHECK_EQ(event.ret_flags, uint32_t{KEVENT_RET_DONE});
  CHECK_EQ(q.stats().delivered, 6u);
}

TEST(B11_a_full_ring_keeps_ready_kevents_in_order_until_there_is_room) {
  TestQueue q(2);
  q.fill(2);
  for (uint32_t id = 1; id <= 3; id++) CHECK_EQ(q.add(user_event(id, KEVENT_REQ_ET | KEVENT_REQ_READY)), 0);
  CHECK_EQ(kevent_wait(q.fd(), 2, 0, nullptr, KEVENT_FLAGS_NONBLOCK), -ENOBUFS);
  CHECK_EQ(q.commit(2), 2);
  CHECK_EQ(q.wait(2), 2);
  CHECK_EQ(q.slot(2).id.raw[0], 1u);
  CHECK_EQ(q.slot(3).id.raw[0], 2u);
  CHECK_EQ(q.commit(4), 2);
  CHECK_EQ(q.wait(2), 1);
  CHECK_EQ(q.slot(4).id.raw[0], 3u);
}

TEST(B12_what_get_events_delivered_is_in_the_ring_for_others_and_is_not_moved_there_again) {
  TestQueue q(4);
  CHECK_EQ(q.add(user_event(5, KEVENT_REQ_READY)), 0);
  std::vector<ukevent> events = q.get(1, 4);
  CHECK_EQ(events.size(), 1u);
  CHECK_EQ(q.ring()->ring_kidx, 1u);
  CHECK(memcmp(&events[0], &q.slot(0), sizeof(ukevent)) == 0);
  CHECK_EQ(q.wait(4), 0);
}
