// kevent_wait: who sleeps, who is woken, and by what.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <deque>

#include "caller.h"
#include "test_queue.h"

namespace {

// A thread in kevent_wait for at most one event.
struct Waiter : Caller {
  explicit Waiter(TestQueue& queue, uint32_t num = 1)
      : Caller([&queue, num] { return queue.wait(num, &kPatience); }) {}
};

uint32_t count_returned(const std::deque<Waiter>& waiters) {
  uint32_t count = 0;
  for (const Waiter& waiter : waiters) count += waiter.returned();
  return count;
}

// As many as stay are parked again, or still.
void until_settled(const std::deque<Waiter>& waiters, uint32_t returned) {
  eventually([&] { return count_returned(waiters) >= returned; });
  for (const Waiter& waiter : waiters) eventually([&] { return waiter.returned() || waiter.asleep(); });
  CHECK_EQ(count_returned(waiters), returned);
}

TEST(bad_arguments_are_answered_at_once) {
  TestQueue queue(4);
  CHECK_EQ(kevent_wait(queue.fd(), 5, 0, nullptr, 0), -EINVAL);
  CHECK_EQ(kevent_wait(queue.fd(), UINT32_MAX, 0, nullptr, 0), -EINVAL);
  CHECK_EQ(kevent_wait(queue.fd(), 1, 4, nullptr, 0), -EINVAL);
  CHECK_EQ(kevent_wait(queue.fd(), 1, UINT32_MAX, nullptr, 0), -EINVAL);
  for (uint32_t flags : {0x100u, 0x80000000u, uint32_t{KEVENT_FLAGS_MONOTONIC | KEVENT_FLAGS_BOOTTIME},
                         uint32_t{KEVENT_FLAGS_CLOCK_STEP},
                         uint32_t{KEVENT_FLAGS_CLOCK_STEP | KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_MONOTONIC}}) {
    CHECK_EQ(kevent_wait(queue.fd(), 1, 0, &kAtOnce, flags), -EINVAL);
  }
  kevent_timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
  for (const kevent_timespec& timeout : bad) {
    CHECK_EQ(kevent_wait(queue.fd(), 1, 0, &timeout, 0), -EINVAL);
    CHECK_EQ(kevent_wait(queue.fd(), 1, 0, &timeout, KEVENT_FLAGS_NONBLOCK), -EINVAL);
  }
}

TEST(B36_num_is_the_most_that_is_moved) {
  TestQueue queue(8);
  for (uint64_t id = 0; id < 6; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(4), 4);
  CHECK_EQ(queue.wait(8), 2);
  CHECK_EQ(queue.wait(8), 0);
}

TEST(num_0_waits_and_moves_nothing) {
  TestQueue queue;
  queue.add(user_event(1));
  Waiter waiter(queue, 0);
  waiter.until_asleep();
  queue.ready(user_event(1));
  CHECK_EQ(waiter.result(), 0);
  CHECK_EQ(queue.stats().delivered, 0u);
  CHECK_EQ(queue.next().id.raw_u64, 1u);
}

TEST(a_full_ring_leaves_events_where_they_are) {
  TestQueue queue(2);
  int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, KEVENT_REQ_ET | KEVENT_REQ_ALWAYS_QUEUE));
  queue.add(user_event(2, KEVENT_REQ_ET | KEVENT_REQ_READY));
  queue.add(user_event(3, KEVENT_REQ_ONESHOT | KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2), 2);
  CHECK_EQ(queue.wait(1, &kAtOnce, KEVENT_FLAGS_NONBLOCK), -ENOBUFS);
  CHECK_EQ(queue.wait(1), 0);
  CHECK_EQ(queue.commit(2), 2);
  CHECK_EQ(queue.wait(2), 1);
  close(fd);
}

TEST(B5_a_commit_wakes_who_waits_for_room) {
  TestQueue queue(2);
  for (uint64_t id = 1; id <= 3; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2), 2);
  Waiter waiter(queue);
  waiter.until_asleep();
  CHECK_EQ(queue.commit(1), 1);
  CHECK_EQ(waiter.result(), 1);
  CHECK_EQ(queue.slot(2).id.raw_u64, 3u);
}

TEST(B5_a_commit_wakes_who_waits_for_room_for_what_the_kernel_holds) {
  TestQueue queue(2);
  for (uint64_t id = 1; id <= 2; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2), 2);
  Waiter waiter(queue);
  waiter.until_asleep();
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN));
  eventfd_write(fd, 1);
  waiter.until_asleep();
  CHECK_EQ(queue.commit(1), 1);
  CHECK_EQ(waiter.result(), 1);
  CHECK_EQ(queue.slot(2).type, KEVENT_POLL);
  close(fd);
}

TEST(B6_old_uidx_is_compared_with_the_index_of_the_next_event) {
  TestQueue queue(8);
  for (uint64_t id = 1; id <= 3; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(8), 3);
  // Another thread has moved events that this one has not seen: no sleep.
  CHECK_EQ(kevent_wait(queue.fd(), 1, 0, nullptr, 0), 0);
  CHECK_EQ(kevent_wait(queue.fd(), 1, 2, nullptr, 0), 0);
  CHECK_EQ(kevent_wait(queue.fd(), 1, 0, nullptr, KEVENT_FLAGS_NONBLOCK), 0);
  // A commit turns nobody into a spinner.
  Waiter waiter(queue);
  waiter.until_asleep();
  CHECK_EQ(queue.commit(1), 1);
  CHECK_EQ(queue.commit(3), 2);
  waiter.until_asleep();
  queue.ready(user_event(1));
  CHECK_EQ(waiter.result(), 1);
}

TEST(B6_a_sleeper_returns_when_another_thread_moves_events) {
  TestQueue queue(8);
  queue.add(user_event(1));
  std::deque<Waiter> waiters;
  for (int i = 0; i < 2; i++) waiters.emplace_back(queue);
  until_settled(waiters, 0);
  queue.ready(user_event(1));
  // One moved it. The other may sleep on; from its next call on it would see the index move.
  eventually([&] { return count_returned(waiters) >= 1; });
  CHECK_EQ(queue.stats().delivered, 1u);
  queue.wake();
  int moved = 0;
  for (Waiter& waiter : waiters) moved += waiter.result();
  CHECK_EQ(moved, 1);
}

TEST(B7_each_event_releases_one_of_many_sleepers) {
  TestQueue queue(16);
  constexpr uint32_t kWaiters = 6;
  for (uint64_t id = 0; id < kWaiters; id++) queue.add(user_event(id));
  std::deque<Waiter> waiters;
  for (uint32_t i = 0; i < kWaiters; i++) waiters.emplace_back(queue);
  until_settled(waiters, 0);
  uint64_t wakeups = queue.stats().wakeups;
  for (uint32_t i = 0; i < kWaiters; i++) {
    queue.ready(user_event(i));
    until_settled(waiters, i + 1);
  }
  for (Waiter& waiter : waiters) CHECK_EQ(waiter.result(), 1);
  CHECK_EQ(queue.stats().head, uint64_t{kWaiters});
  // One wake-up for the event, at most one to hand on the place at the descriptors.
  CHECK(queue.stats().wakeups - wakeups <= 2 * kWaiters);
}

TEST(B7_an_event_of_the_kernel_releases_one_of_many_sleepers) {
  TestQueue queue(16);
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, KEVENT_REQ_ET));
  std::deque<Waiter> waiters;
  for (int i = 0; i < 5; i++) waiters.emplace_back(queue);
  until_settled(waiters, 0);
  // Whoever takes it leaves the place at the descriptors to another, who is not to go home for that.
  for (uint32_t i = 1; i <= 3; i++) {
    eventfd_write(fd, 1);
    until_settled(waiters, i);
  }
  queue.wake();
  queue.wake();
  int moved = 0;
  for (Waiter& waiter : waiters) moved += waiter.result();
  CHECK_EQ(moved, 3);
  close(fd);
}

TEST(B7_events_that_come_together_release_as_many_sleepers) {
  TestQueue queue(16);
  int fds[4];
  for (int& fd : fds) {
    fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, KEVENT_REQ_ET));
  }
  std::deque<Waiter> waiters;
  for (int i = 0; i < 5; i++) waiters.emplace_back(queue);
  until_settled(waiters, 0);
  for (int fd : fds) eventfd_write(fd, 1);
  until_settled(waiters, 4);
  queue.wake();
  int moved = 0;
  for (Waiter& waiter : waiters) moved += waiter.result();
  CHECK_EQ(moved, 4);
  for (int fd : fds) close(fd);
}

TEST(B7_a_wakeup_all_event_releases_every_sleeper) {
  TestQueue queue(16);
  queue.add(user_event(1, KEVENT_REQ_WAKEUP_ALL));
  ukevent buffer;
  std::deque<Waiter> waiters;
  for (int i = 0; i < 4; i++) waiters.emplace_back(queue);
  Caller getter([&] { return kevent_get_events(queue.fd(), 1, 1, &kPatience, &buffer, 0); });
  until_settled(waiters, 0);
  getter.until_asleep();
  queue.ready(user_event(1));
  int moved = getter.result();
  for (Waiter& waiter : waiters) moved += waiter.result();
  CHECK_EQ(moved, 1);
}

TEST(a_wakeup_all_event_releases_the_leader_while_others_collect) {
  for (int round = 0; round < 200; round++) {
    TestQueue queue(16);
    queue.add(user_event(1, KEVENT_REQ_WAKEUP_ALL));
    queue.add(user_event(2));
    Waiter leader(queue);
    leader.until_asleep();
    // Moved by this thread, whose second call asks the origins before the leader is awake.
    CHECK_EQ(queue.ready(user_event(1)), 0);
    ukevent events[2];
    kevent_get_events(queue.fd(), 0, 2, &kAtOnce, events, 0);
    kevent_get_events(queue.fd(), 0, 2, &kAtOnce, events, 0);
    eventually([&] { return leader.returned(); });
  }
}

TEST(B8_each_wake_up_releases_one_sleeper_and_none_is_lost) {
  TestQueue queue;
  std::deque<Waiter> waiters;
  for (int i = 0; i < 5; i++) waiters.emplace_back(queue);
  until_settled(waiters, 0);
  queue.wake();
  until_settled(waiters, 1);
  queue.wake();
  queue.wake();
  until_settled(waiters, 3);
  for (int i = 0; i < 2; i++) queue.wake();
  for (Waiter& waiter : waiters) CHECK_EQ(waiter.result(), 0);
}

TEST(B8_a_wake_up_before_anybody_waits_is_kept_and_not_taken_by_poll) {
  TestQueue queue;
  queue.wake();
  queue.wake();
  pollfd entry = {queue.fd(), POLLIN, 0};
  for (int i = 0; i < 3; i++) CHECK(poll(&entry, 1, 0) >= 0);
  CHECK_EQ(queue.wait(1, nullptr), 0);
  ukevent event;
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, nullptr, &event, 0), 0);
  Waiter waiter(queue);
  waiter.until_asleep();
  queue.wake();
  CHECK_EQ(waiter.result(), 0);
}

TEST(B8_a_call_that_does_not_wait_takes_no_sleepers_wake_up) {
  for (int round = 0; round < 200; round++) {
    TestQueue queue;
    Waiter waiter(queue);
    waiter.until_asleep();
    queue.wake();
    queue.wait(1, &kAtOnce);
    eventually([&] { return waiter.returned(); });
  }
}

TEST(a_wake_up_does_not_take_an_event_along) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  queue.wake();
  CHECK_EQ(queue.wait(1, nullptr), 0);
  CHECK_EQ(queue.wait(1, nullptr), 1);
}

TEST(one_woken_for_what_it_cannot_use_hands_the_wake_up_on) {
  for (int round = 0; round < 20; round++) {
    TestQueue queue;
    queue.add(user_event(1));
    ukevent events[2];
    // The one needs two events, the other takes the first; whoever came first sleeps on the descriptors.
    auto get = [&] { return kevent_get_events(queue.fd(), 2, 2, &kPatience, events, 0); };
    auto wait = [&] { return queue.wait(1, &kPatience); };
    std::deque<Caller> callers;
    size_t waiter = static_cast<size_t>(round % 2);
    for (size_t i = 0; i < 2; i++) {
      i == waiter ? callers.emplace_back(wait) : callers.emplace_back(get);
      callers[i].until_asleep();
    }
    queue.ready(user_event(1));
    eventually([&] { return callers[waiter].returned(); });
    CHECK_EQ(callers[waiter].result(), 1);
    callers[1 - waiter].until_asleep();
    queue.wake();
    CHECK_EQ(callers[1 - waiter].result(), 0);
  }
}

TEST(B9_absolute_deadlines_belong_to_their_calls) {
  const struct {
    uint32_t flags;
    clockid_t clock;
  } modes[] = {{KEVENT_FLAGS_ABSTIME, CLOCK_REALTIME},
               {KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_MONOTONIC, CLOCK_MONOTONIC},
               {KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_BOOTTIME, CLOCK_BOOTTIME}};
  TestQueue queue;
  // Two of each clock, the first the shorter, and one that would wait far beyond all of them.
  kevent_timespec far = to_timespec(now_ns(CLOCK_REALTIME) + 3600000000000);
  Caller last([&] { return queue.wait(1, &far, KEVENT_FLAGS_ABSTIME); });
  last.until_asleep();
  std::deque<Caller> callers;
  for (const auto& mode : modes) {
    for (uint64_t ms : {20, 40}) {
      callers.emplace_back([&queue, mode, ms] {
        uint64_t end = now_ns(mode.clock) + ms * 1000000;
        kevent_timespec until = to_timespec(end);
        CHECK_EQ(queue.wait(1, &until, mode.flags), 0);
        CHECK(now_ns(mode.clock) >= end);
        return 0;
      });
    }
  }
  for (Caller& caller : callers) caller.result();
  last.until_asleep();
  queue.wake();
  CHECK_EQ(last.result(), 0);
}

TEST(relative_timeouts_are_kept_on_each_clock) {
  TestQueue queue;
  kevent_timespec limit = {0, 3000000};
  for (uint32_t flags : {uint32_t{0}, uint32_t{KEVENT_FLAGS_MONOTONIC}, uint32_t{KEVENT_FLAGS_BOOTTIME}}) {
    uint64_t start = now_ns();
    CHECK_EQ(queue.wait(1, &limit, flags), 0);
    CHECK(now_ns() - start >= 3000000);
  }
}

TEST(a_deadline_that_has_passed_still_takes_what_is_ready) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  kevent_timespec past = {1, 0};
  CHECK_EQ(queue.wait(1, &past, KEVENT_FLAGS_ABSTIME), 1);
  CHECK_EQ(queue.wait(1, &past, KEVENT_FLAGS_ABSTIME), 0);
}

TEST(setting_the_clock_cancels_a_wait_that_asked_for_it) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (clock_settime(CLOCK_REALTIME, &now) < 0) return;  // not allowed to
  TestQueue queue;
  kevent_timespec far = to_timespec(now_ns(CLOCK_REALTIME) + 3600000000000);
  Caller step([&] { return queue.wait(1, &far, KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_CLOCK_STEP); });
  step.until_asleep();
  Caller steady([&] { return queue.wait(1, &far, KEVENT_FLAGS_ABSTIME); });
  steady.until_asleep();
  clock_gettime(CLOCK_REALTIME, &now);
  CHECK_EQ(clock_settime(CLOCK_REALTIME, &now), 0);
  CHECK_EQ(step.result(), -ECANCELED);
  steady.until_asleep();
  queue.wake();
  CHECK_EQ(steady.result(), 0);
}

TEST(B22_no_timeout_waits_for_ever_and_a_signal_ends_no_wait) {
  struct sigaction action = {}, old;
  action.sa_handler = [](int) {};
  sigaction(SIGUSR2, &action, &old);
  TestQueue queue;
  queue.add(user_event(1));
  std::atomic<pthread_t> thread{};
  Caller caller([&] {
    thread = pthread_self();
    return queue.wait(1, nullptr);
  });
  for (int i = 0; i < 5; i++) {
    caller.until_asleep();
    CHECK_EQ(pthread_kill(thread, SIGUSR2), 0);
  }
  caller.until_asleep();
  queue.ready(user_event(1));
  CHECK_EQ(caller.result(), 1);
  kevent_timespec minus_one = {-1, 0};
  CHECK_EQ(queue.wait(1, &minus_one), -EINVAL);
  sigaction(SIGUSR2, &old, nullptr);
}

TEST(nonblock_never_sleeps_whatever_the_timeout) {
  TestQueue queue;
  CHECK_EQ(queue.wait(1, nullptr, KEVENT_FLAGS_NONBLOCK), -EAGAIN);
  queue.add(user_event(1, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(1, nullptr, KEVENT_FLAGS_NONBLOCK), 1);
  CHECK_EQ(queue.wait(1, nullptr, KEVENT_FLAGS_NONBLOCK), -EAGAIN);
}

TEST(a_slice_that_ends_says_why) {
  TestQueue queue(2);
  CHECK_EQ(queue.wait(1, &kAtOnce, KEVENT_FLAGS_SLICE), -EAGAIN);
  for (uint64_t id = 1; id <= 3; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2, &kAtOnce, KEVENT_FLAGS_SLICE), 2);
  CHECK_EQ(queue.wait(1, &kAtOnce, KEVENT_FLAGS_SLICE), -ENOBUFS);
}

TEST(B23_an_index_is_never_seen_before_its_entry) {
  constexpr uint64_t kEvents = 20000;
  TestQueue queue(4);
  queue.add(user_event(1, KEVENT_REQ_ET));
  Caller producer([&] {
    for (uint64_t i = 0; i < kEvents; i++) {
      CHECK_EQ(queue.ready(user_event(1)), 0);
      while (queue.wait(1, &kPatience) == 0) continue;
      // Full would look like empty to who sees only the index.
      while (queue.stats().head - queue.stats().tail == queue.size() - 1) sched_yield();
    }
    return 0;
  });
  // Reads nothing but the ring: each entry says a count of 1, and is wiped before it is given back.
  uint64_t read = 0;
  while (read < kEvents) {
    uint32_t end = __atomic_load_n(&queue.ring()->ring_kidx, __ATOMIC_ACQUIRE);
    bool any = false;
    for (; read % 4 != end; read++, any = true) {
      ukevent& event = queue.ring()->event[read % 4];
      CHECK_EQ(event.id.raw_u64, 1u);
      CHECK_EQ(event.ret_data[0], 1u);
      memset(&event, 0xee, sizeof event);
    }
    if (any) {
      CHECK(queue.commit(read) > 0);
    } else {
      sched_yield();
    }
  }
  producer.result();
}

}  // namespace
