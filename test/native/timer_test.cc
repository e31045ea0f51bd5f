// TIMER: seconds and nanoseconds from ADD on, again and again or once.
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "caller.h"
#include "test_queue.h"

namespace {

constexpr uint64_t kMs = 1000000;

ukevent timer(uint64_t ns, uint32_t req_flags = 0, uint32_t user = 0) {
  ukevent entry = request(KEVENT_TIMER, 0, KEVENT_TIMER_FIRED, req_flags, user);
  entry.id.raw[0] = static_cast<uint32_t>(ns / 1000000000);
  entry.id.raw[1] = static_cast<uint32_t>(ns % 1000000000);
  return entry;
}

// How far the 32-bit milliseconds of an event lie after a time.
int32_t ms_after(const ukevent& event, uint64_t ns) {
  return static_cast<int32_t>(event.ret_data[1] - static_cast<uint32_t>(ns / kMs));
}

TEST(B33_nanoseconds_beyond_a_second_are_refused) {
  TestQueue queue;
  ukevent entry = timer(kMs);
  for (uint32_t nsec : {1000000000u, UINT32_MAX}) {
    entry.id.raw[1] = nsec;
    CHECK_EQ(queue.add(entry), -EINVAL);
  }
  CHECK_EQ(queue.add(timer(0)), -EINVAL);
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(a_timer_never_fires_before_its_time) {
  TestQueue queue;
  for (uint64_t ns : {uint64_t{1}, kMs / 10, kMs, 7 * kMs + 1}) {
    uint64_t start = now_ns();
    CHECK_EQ(queue.add(timer(ns, KEVENT_REQ_ONESHOT)), 0);
    ukevent event = queue.next();
    CHECK(now_ns() - start >= ns);
    CHECK_EQ(event.ret_data[0], 1u);
    CHECK(ms_after(event, start + ns) >= 0);
    CHECK(ms_after(event, now_ns()) <= 0);
  }
}

TEST(ONESHOT_of_no_time_at_all_fires_at_once) {
  TestQueue queue;
  CHECK_EQ(queue.add(timer(0, KEVENT_REQ_ONESHOT)), 0);
  CHECK_EQ(queue.next().ret_data[0], 1u);
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(B33_a_oneshot_is_gone_and_its_origin_with_it) {
  TestQueue queue;
  queue.add(timer(kMs, KEVENT_REQ_ONESHOT));
  queue.next();
  CHECK_EQ(queue.remove(timer(kMs)), -ENOENT);
  CHECK_EQ(queue.add(timer(kMs, KEVENT_REQ_ONESHOT)), 0);
  queue.next();
}

TEST(B33_every_period_is_counted_and_none_drifts) {
  TestQueue queue;
  constexpr uint64_t kPeriod = 2 * kMs;
  uint64_t before = now_ns();
  queue.add(timer(kPeriod));
  uint64_t after = now_ns();
  uint64_t periods = 0;
  while (periods < 30) {
    ukevent event = queue.next();
    CHECK(event.ret_data[0] >= 1);
    periods += event.ret_data[0];
    if (periods % 3 == 0) usleep(7000);  // a slow reader
    // The expiry that it names is that of the last period counted, from ADD on.
    CHECK(ms_after(event, before + periods * kPeriod) >= 0);
    CHECK(ms_after(event, after + periods * kPeriod) <= 0);
  }
}

TEST(B27_equal_intervals_are_told_apart_by_user) {
  TestQueue queue;
  for (uint32_t user : {1u, 2u, 3u}) CHECK_EQ(queue.add(timer(kMs, KEVENT_REQ_ONESHOT, user)), 0);
  CHECK_EQ(queue.add(timer(kMs, 0, 2)), -EEXIST);
  uint32_t seen = 0;
  for (int i = 0; i < 3; i++) seen |= 1u << queue.next().user[0];
  CHECK_EQ(seen, 0xeu);
}

TEST(timers_fire_in_the_order_of_their_times) {
  TestQueue queue(64);
  // By one call, they begin at one moment, however busy the machine is.
  std::vector<ukevent> entries;
  for (uint32_t i = 0; i < 20; i++) entries.push_back(timer((1 + i * 7 % 20) * kMs, KEVENT_REQ_ONESHOT, i));
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, 20, entries.data()), 20);
  std::vector<uint64_t> order;
  for (int i = 0; i < 20; i++) order.push_back(queue.next().id.raw[1]);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST(periods_while_an_event_is_uncommitted_come_as_one_event_after_the_commit) {
  TestQueue queue;
  queue.add(timer(kMs));
  queue.read_one();
  uint64_t start = now_ns();
  // Time enough for several, and none of them comes.
  eventually([&] { return now_ns() - start > 10 * kMs; });
  CHECK(queue.idle());
  CHECK_EQ(queue.commit_read(), 1);
  ukevent event = queue.read_one();
  CHECK(event.ret_data[0] >= 3);
  CHECK_EQ(queue.commit_read(), 1);
}

TEST(ET_periods_come_while_others_are_uncommitted) {
  TestQueue queue;
  queue.add(timer(kMs, KEVENT_REQ_ET));
  for (int i = 0; i < 4; i++) CHECK(queue.read_one().ret_data[0] >= 1);
  CHECK_EQ(queue.commit_read(), 4);
}

TEST(a_removed_timer_does_not_fire_even_if_it_was_due) {
  TestQueue queue;
  queue.add(timer(kMs));
  pollfd entry = {queue.fd(), POLLIN, 0};
  CHECK_EQ(poll(&entry, 1, 10000), 1);
  CHECK_EQ(queue.remove(timer(kMs)), 0);
  CHECK(queue.idle());
  queue.add(timer(kMs));
  CHECK_EQ(kevent_wait(queue.fd(), 0, 0, &kPatience, 0), 0);  // on the ready list
  CHECK_EQ(queue.remove(timer(kMs)), 0);
  CHECK(queue.idle());
}

TEST(B17_modify_of_a_timer_does_not_fire_it) {
  TestQueue queue;
  queue.add(timer(3600 * 1000 * kMs));
  CHECK_EQ(queue.modify(timer(3600 * 1000 * kMs, KEVENT_REQ_ONESHOT)), 0);
  CHECK(queue.idle());
  // ONESHOT of no time cannot become periodic.
  queue.add(timer(0, KEVENT_REQ_ONESHOT));
  CHECK_EQ(queue.modify(timer(0)), -EINVAL);
  CHECK_EQ(queue.next().req_flags, KEVENT_REQ_ONESHOT);
}

TEST(a_sooner_timer_added_while_a_thread_sleeps_is_in_time) {
  TestQueue queue;
  queue.add(timer(3600 * 1000 * kMs));
  Caller caller([&] { return queue.wait(1, &kPatience); });
  caller.until_asleep();
  queue.add(timer(kMs, KEVENT_REQ_ONESHOT));
  CHECK_EQ(caller.result(), 1);
  CHECK_EQ(queue.slot(0).id.raw[1], kMs);
}

TEST(a_timer_of_136_years_can_be_added) {
  TestQueue queue;
  ukevent entry = timer(0);
  entry.id.raw[0] = UINT32_MAX;
  entry.id.raw[1] = 999999999;
  CHECK_EQ(queue.add(entry), 0);
  CHECK(queue.idle());
  CHECK_EQ(queue.remove(entry), 0);
}

TEST(a_muted_timer_goes_on_counting) {
  TestQueue queue;
  CHECK_EQ(queue.add(timer(kMs, KEVENT_REQ_MUTED)), 0);
  uint64_t start = now_ns();
  eventually([&] { return now_ns() - start > 5 * kMs; });
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(timer(kMs)), 0);
  CHECK(queue.next().ret_data[0] >= 5);
}

// When it expires first.
ukevent timer_at(uint64_t first, uint64_t period, uint32_t event, uint32_t req_flags = 0, uint32_t user = 0) {
  ukevent entry = timer(period, req_flags, user);
  entry.event = KEVENT_TIMER_FIRED | KEVENT_TIMER_FIRST | event;
  memcpy(entry.ret_data, &first, sizeof first);
  return entry;
}

ukevent exact(uint64_t ns, uint32_t req_flags = 0, uint32_t user = 0) {
  ukevent entry = timer(ns, req_flags, user);
  entry.event |= KEVENT_TIMER_EXACT;
  return entry;
}

int claim(TestQueue& queue, int consumer, uint32_t flags) {
  kevent_run run;
  int count = kevent_claim(queue.fd(), consumer, 8, nullptr, KEVENT_FLAGS_NONBLOCK | flags, &run);
  if (count > 0) CHECK_EQ(kevent_finish(queue.fd(), consumer, run.position, static_cast<uint32_t>(count)), count);
  return count;
}

TEST(a_timer_counts_from_the_call_that_adds_it_also_after_a_claim_of_timers_only) {
  TestQueue queue;
  int consumer = kevent_consumer_open(queue.fd(), nullptr, nullptr);
  queue.add(timer(kMs, KEVENT_REQ_ONESHOT));
  usleep(2000);
  CHECK_EQ(claim(queue, consumer, 0), 1);
  queue.add(timer(3600 * 1000 * kMs));
  usleep(20000);
  uint64_t added = now_ns();
  queue.add(timer(10 * kMs, KEVENT_REQ_ONESHOT));
  eventually([&] { return claim(queue, consumer, 0) == 1; });
  CHECK(now_ns() - added >= 10 * kMs);
}

TEST(FIRST_says_when_a_period_begins) {
  TestQueue queue;
  uint64_t first = now_ns() + 3 * kMs + 123456;
  ukevent entry = timer_at(first, 2 * kMs, 0);
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 0);
  CHECK_EQ(entry.ret_data[0], 0u);
  CHECK_EQ(entry.ret_data[1], 0u);
  for (uint64_t periods = 0; periods < 5;) {
    ukevent event = queue.next();
    periods += event.ret_data[0];
    uint64_t due = first + (periods - 1) * 2 * kMs;
    CHECK(now_ns() >= due);
    CHECK_EQ(ms_after(event, due), 0);
  }
}

TEST(FIRST_that_is_past_is_due_at_once_with_all_periods_since) {
  TestQueue queue;
  queue.add(timer_at(now_ns() - 100 * kMs, 10 * kMs, 0));
  CHECK(queue.next().ret_data[0] >= 11);
  queue.add(timer_at(1, 0, 0, KEVENT_REQ_ONESHOT));
  CHECK_EQ(queue.next().ret_data[0], 1u);
}

TEST(FIRST_of_ONESHOT_needs_no_period_and_may_never_come) {
  TestQueue queue;
  CHECK_EQ(queue.add(timer_at(UINT64_MAX, 0, 0, KEVENT_REQ_ONESHOT)), 0);
  CHECK_EQ(queue.add(timer_at(UINT64_MAX, 0, KEVENT_TIMER_EXACT, KEVENT_REQ_ONESHOT, 1)), 0);
  CHECK(queue.idle());
  CHECK_EQ(queue.add(timer_at(now_ns() + kMs, 0, 0, 0, 2)), -EINVAL);
  // Not said.
  CHECK_EQ(queue.add(timer_at(0, 3600 * 1000 * kMs, 0, 0, 3)), 0);
  CHECK(queue.idle());
}

TEST(an_exact_timer_never_fires_before_its_time) {
  constexpr uint32_t kTimers = 3000;
  TestQueue queue(256);
  std::vector<uint64_t> due;
  uint64_t begin = now_ns() + 5 * kMs;
  for (uint32_t i = 0; i < kTimers; i++) {
    due.push_back(begin + i * 2654435761u % (300 * kMs));
    CHECK_EQ(queue.add(timer_at(due[i], 0, KEVENT_TIMER_EXACT, KEVENT_REQ_ONESHOT, i)), 0);
  }
  std::vector<bool> fired(kTimers);
  for (uint32_t count = 0; count < kTimers;) {
    CHECK(queue.wait(1, &kPatience) >= 0);
    uint64_t now = now_ns();
    for (const ukevent& event : queue.read()) {
      // What read() has moved besides may be due later than now, but not than the next look at the clock.
      CHECK(due[event.user[0]] <= std::max(now, now_ns()));
      CHECK(!fired[event.user[0]]);
      fired[event.user[0]] = true;
      count++;
    }
    queue.commit_read();
  }
}

TEST(the_periods_of_an_exact_timer_are_counted_and_none_is_early) {
  TestQueue queue;
  uint64_t before = now_ns();
  queue.add(exact(kMs / 2));
  for (uint64_t periods = 0; periods < 1000;) {
    periods += queue.next().ret_data[0];
    CHECK(now_ns() >= before + periods * (kMs / 2));
  }
}

TEST(exact_timers_use_a_bounded_share_of_the_processor) {
  TestQueue queue;
  queue.add(exact(kMs));
  uint64_t begin = now_ns();
  uint64_t used = now_ns(CLOCK_THREAD_CPUTIME_ID);
  for (uint64_t periods = 0; periods < 300;) periods += queue.next().ret_data[0];
  used = now_ns(CLOCK_THREAD_CPUTIME_ID) - used;
  // A sixteenth for the waiting; the rest is for the calls and for sanitizers.
  CHECK(used < (now_ns() - begin) / 2);
}

TEST(a_claim_that_does_not_sleep_waits_for_an_exact_timer_that_is_near_if_asked) {
  TestQueue queue;
  int consumer = kevent_consumer_open(queue.fd(), nullptr, nullptr);
  eventually([&] {
    uint64_t due = now_ns() + 60000;
    queue.add(timer_at(due, 0, KEVENT_TIMER_EXACT, KEVENT_REQ_ONESHOT));
    bool waited = claim(queue, consumer, KEVENT_FLAGS_EXACT) == 1;
    if (waited) CHECK(now_ns() >= due);
    queue.remove(timer(0));
    usleep(5000);  // what was waited is to be had again
    return waited;
  });
  eventually([&] {
    queue.add(timer_at(now_ns() + 60000, 0, KEVENT_TIMER_EXACT, KEVENT_REQ_ONESHOT));
    bool waited = claim(queue, consumer, 0) == 1;
    queue.remove(timer(0));
    return !waited;
  });
  // Far away.
  queue.add(exact(3600 * 1000 * kMs));
  CHECK_EQ(claim(queue, consumer, KEVENT_FLAGS_EXACT), -EAGAIN);
}

TEST(what_is_ready_comes_before_an_exact_timer_that_is_near) {
  TestQueue queue;
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, KEVENT_REQ_ALWAYS_QUEUE));
  int consumer = kevent_consumer_open(queue.fd(), nullptr, nullptr);
  eventually([&] {
    uint64_t one = 1;
    uint64_t due = now_ns() + 90000;
    CHECK_EQ(queue.add(timer_at(due, 0, KEVENT_TIMER_EXACT, KEVENT_REQ_ONESHOT)), 0);
    CHECK_EQ(write(fd, &one, sizeof one), 8);
    CHECK(claim(queue, consumer, KEVENT_FLAGS_EXACT) >= 1);
    bool served = now_ns() < due;
    CHECK_EQ(read(fd, &one, sizeof one), 8);
    queue.remove(timer(0));
    while (claim(queue, consumer, 0) > 0) continue;
    return served;
  });
  close(fd);
}

TEST(MODIFY_makes_a_timer_exact_and_plain_again_and_its_time_stays) {
  TestQueue queue;
  uint64_t before = now_ns();
  queue.add(timer(2 * kMs));
  bool now_exact = false;
  for (uint64_t periods = 0; periods < 50; now_exact = !now_exact) {
    CHECK_EQ(queue.modify(now_exact ? timer(2 * kMs) : exact(2 * kMs)), 0);
    periods += queue.next().ret_data[0];
    CHECK(now_ns() >= before + periods * 2 * kMs);
  }
  // In either wheel it can be removed.
  CHECK_EQ(queue.remove(timer(2 * kMs)), 0);
  CHECK(queue.idle());
}

TEST(exact_timers_that_are_removed_while_a_thread_waits_for_them_do_not_fire_and_others_do) {
  TestQueue queue;
  std::atomic<bool> removed{false};
  Caller caller([&] {
    ukevent event;
    while (kevent_get_events(queue.fd(), 1, 1, &kPatience, &event, 0) == 1) {
      if (event.user[0] == 2) return removed.load() ? 1 : 0;
      kevent_commit(queue.fd(), static_cast<uint32_t>(queue.ring()->ring_kidx), 0);
    }
    return -1;
  });
  // At times it is removed before it is due, at times while it is waited for, at times later.
  for (uint32_t i = 0; i < 500; i++) {
    CHECK_EQ(queue.add(exact(100000 + i % 7 * 20000)), 0);
    usleep(50 + i % 11 * 20);
    CHECK_EQ(queue.remove(exact(100000 + i % 7 * 20000)), 0);
  }
  removed = true;
  CHECK_EQ(queue.add(timer(kMs, KEVENT_REQ_ONESHOT, 2)), 0);
  CHECK_EQ(caller.result(), 1);
}

TEST(a_queue_can_be_closed_while_a_thread_waits_for_an_exact_timer) {
  for (uint32_t i = 0; i < 50; i++) {
    TestQueue queue(0);
    queue.add(exact(kMs / 5));
    Caller caller([fd = queue.fd()] {
      ukevent event;
      int result = 1;
      while (result > 0) result = kevent_get_events(fd, 1, 1, &kPatience, &event, 0);
      return result;
    });
    usleep(200 + i * 37);
    queue.close();
    // EINVAL: between two calls, when it is no queue any more and its descriptor not yet closed.
    CHECK(caller.result() == -EBADF || caller.result() == -EINVAL);
  }
}

TEST(each_exact_timer_is_for_one_of_the_threads_that_wait) {
  constexpr uint32_t kTimers = 1000;
  TestQueue queue(0);
  std::atomic<uint32_t> count{0};
  std::vector<std::atomic<uint32_t>> fired(kTimers);
  uint64_t begin = now_ns() + 2 * kMs;
  for (uint32_t i = 0; i < kTimers; i++) {
    CHECK_EQ(queue.add(timer_at(begin + i * kMs / 5, 0, KEVENT_TIMER_EXACT, KEVENT_REQ_ONESHOT, i)), 0);
  }
  auto reads = [&] {
    ukevent event;
    while (kevent_get_events(queue.fd(), 1, 1, nullptr, &event, 0) == 1) {
      CHECK(now_ns() >= begin + event.user[0] * kMs / 5);
      fired[event.user[0]]++;
      count++;
    }
    return 0;
  };
  Caller one(reads), two(reads), three(reads);
  eventually([&] { return count == kTimers; });
  queue.close();
  for (std::atomic<uint32_t>& times : fired) CHECK_EQ(times.load(), 1u);
}

TEST(ten_thousand_timers_each_fire_once) {
  constexpr uint32_t kTimers = 10000;
  TestQueue queue(256);
  std::vector<ukevent> entries;
  for (uint32_t i = 0; i < kTimers; i++) entries.push_back(timer(1 + i * 1000, KEVENT_REQ_ONESHOT, i));
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, kTimers, entries.data()), int{kTimers});
  std::vector<bool> fired(kTimers);
  for (uint32_t count = 0; count < kTimers;) {
    kevent_wait(queue.fd(), 0, queue.ring()->ring_kidx, &kPatience, 0);
    for (const ukevent& event : queue.read()) {
      CHECK(!fired[event.user[0]]);
      fired[event.user[0]] = true;
      count++;
    }
    queue.commit_read();
  }
  CHECK_EQ(queue.stats().kevents, 0u);
}

}  // namespace
