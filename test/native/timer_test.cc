// TIMER: seconds and nanoseconds from ADD on, again and again or once.
#include <poll.h>

#include <algorithm>

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
