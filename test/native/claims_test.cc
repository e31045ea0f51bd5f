// Consumers: each claimed slot is one thread's, in whatever order they finish.
#include <poll.h>
#include <sys/eventfd.h>

#include <memory>

#include "caller.h"
#include "test_queue.h"

namespace {

struct Run {
  uint64_t position;
  uint32_t count;
  uint64_t plain_from = 0;
};

class Consumer {
 public:
  explicit Consumer(TestQueue& queue, void (*notify)(void*) = nullptr, void* context = nullptr)
      : queue_(queue), id_(kevent_consumer_open(queue.fd(), notify, context)) {
    CHECK(id_ >= 0);
  }
  ~Consumer() {
    if (id_ >= 0) close();
  }
  void close() {
    CHECK_EQ(kevent_consumer_close(queue_.fd(), id_), 0);
    id_ = -1;
  }
  int try_claim(uint32_t max, Run* run, uint32_t flags = KEVENT_FLAGS_NONBLOCK) {
    kevent_run claimed = {0, 0};
    int count = kevent_claim(queue_.fd(), id_, max, &kPatience, flags, &claimed);
    *run = {claimed.position, count > 0 ? static_cast<uint32_t>(count) : 0, claimed.plain_from};
    return count;
  }
  Run claim(uint32_t max) {
    Run run;
    CHECK(try_claim(max, &run) > 0);
    return run;
  }
  int finish(const Run& run) { return kevent_finish(queue_.fd(), id_, run.position, run.count); }
  int id() const { return id_; }

 private:
  TestQueue& queue_;
  int id_;
};

// kevents 0 .. count - 1, ready in this order.
void make_ready(TestQueue& queue, uint64_t count, uint32_t req_flags = 0) {
  for (uint64_t id = 0; id < count; id++) CHECK_EQ(queue.add(user_event(id, req_flags | KEVENT_REQ_READY)), 0);
}

TEST(each_slot_is_claimed_by_one_consumer) {
  TestQueue queue(8);
  Consumer one(queue), two(queue);
  make_ready(queue, 6);
  Run first = one.claim(2), second = two.claim(2), third = one.claim(8);
  CHECK_EQ(first.position, 0u);
  CHECK_EQ(second.position, 2u);
  CHECK_EQ(third.position, 4u);
  CHECK_EQ(third.count, 2u);
  Run none;
  CHECK_EQ(two.try_claim(8, &none), -EAGAIN);
}

TEST(the_tail_advances_over_what_is_finished_in_any_order) {
  TestQueue queue(8);
  Consumer one(queue), two(queue);
  make_ready(queue, 6);
  Run first = one.claim(2), second = two.claim(2), third = one.claim(2);
  CHECK_EQ(one.finish(third), 0);
  CHECK_EQ(two.finish(second), 0);
  CHECK_EQ(queue.stats().tail, 0u);
  CHECK_EQ(one.finish(first), 6);
  CHECK_EQ(queue.stats().tail, 6u);
  CHECK_EQ(one.finish(first), 0);  // twice is harmless
}

TEST(a_run_may_be_finished_slot_by_slot_and_from_its_end) {
  TestQueue queue(8);
  Consumer one(queue);
  make_ready(queue, 4);
  Run run = one.claim(4);
  CHECK_EQ(one.finish({run.position + 3, 1}), 0);
  CHECK_EQ(one.finish({run.position, 1}), 1);
  CHECK_EQ(one.finish({run.position + 1, 2}), 3);
}

TEST(no_run_crosses_the_end_of_the_ring) {
  TestQueue queue(5);
  Consumer one(queue);
  make_ready(queue, 3, KEVENT_REQ_ET);
  one.finish(one.claim(3));
  for (uint64_t id = 0; id < 3; id++) queue.ready(user_event(id));
  Run run = one.claim(5);
  CHECK_EQ(run.position, 3u);
  CHECK_EQ(run.count, 2u);
  Run rest = one.claim(5);
  CHECK_EQ(rest.position, 5u);
  CHECK_EQ(rest.count, 1u);
  one.finish(rest);
  CHECK_EQ(one.finish(run), 3);
  CHECK_EQ(queue.ring()->ring_over, 1u);
}

TEST(what_is_not_ones_own_is_not_finished) {
  TestQueue queue(8);
  Consumer one(queue), two(queue);
  make_ready(queue, 4);
  Run mine = one.claim(2);
  CHECK_EQ(two.finish(mine), 0);
  CHECK_EQ(queue.stats().tail, 0u);
  CHECK_EQ(two.finish({2, 2}), 0);  // in the ring, but claimed by nobody
  CHECK_EQ(two.finish({4, 1}), -EINVAL);
  CHECK_EQ(two.finish({0, UINT32_MAX}), -EINVAL);
  CHECK_EQ(two.finish({UINT64_MAX, 1}), -EINVAL);
  CHECK_EQ(one.finish(mine), 2);
  CHECK_EQ(kevent_finish(queue.fd(), 62, 0, 1), -EINVAL);
  CHECK_EQ(kevent_finish(queue.fd(), -1, 0, 1), -EINVAL);
}

TEST(the_slots_of_a_consumer_that_closes_are_claimed_by_another) {
  TestQueue queue(8);
  Consumer one(queue), two(queue);
  make_ready(queue, 5);
  Run lost = one.claim(3), kept = two.claim(1);
  one.finish({lost.position, 1});
  one.close();
  Run inherited = two.claim(8);
  CHECK_EQ(inherited.position, 1u);
  CHECK_EQ(inherited.count, 2u);
  Run last = two.claim(8);
  CHECK_EQ(last.position, 4u);
  CHECK_EQ(two.finish(kept), 0);
  CHECK_EQ(two.finish(last), 0);
  CHECK_EQ(two.finish(inherited), 4);
}

TEST(a_sleeping_consumer_is_woken_for_what_a_closing_one_leaves) {
  TestQueue queue(4);
  Consumer one(queue), two(queue);
  make_ready(queue, 4);
  one.claim(4);
  Run run;
  Caller caller([&] { return two.try_claim(4, &run, 0); });
  caller.until_asleep();
  one.close();
  CHECK_EQ(caller.result(), 4);
  CHECK_EQ(two.finish(run), 4);
}

TEST(with_no_consumer_left_the_slots_wait_for_the_next) {
  TestQueue queue(4);
  make_ready(queue, 3);
  {
    Consumer one(queue);
    one.claim(2);
  }
  CHECK_EQ(queue.stats().tail, 0u);
  Consumer next(queue);
  CHECK_EQ(next.claim(4).count, 3u);
}

TEST(B5_a_finish_wakes_who_waits_for_room) {
  TestQueue queue(2);
  Consumer one(queue), two(queue);
  make_ready(queue, 3);
  Run run = one.claim(2), next;
  CHECK_EQ(two.try_claim(2, &next), -ENOBUFS);
  Caller caller([&] { return two.try_claim(2, &next, 0); });
  caller.until_asleep();
  CHECK_EQ(one.finish({run.position, 1}), 1);
  CHECK_EQ(caller.result(), 1);
  CHECK_EQ(next.position, 2u);
}

TEST(a_WAKEUP_ALL_event_is_claimed_by_every_consumer) {
  TestQueue queue(8);
  Consumer one(queue), two(queue), three(queue);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_WAKEUP_ALL | KEVENT_REQ_READY)), 0);
  CHECK_EQ(queue.add(user_event(2, KEVENT_REQ_READY)), 0);
  Run all = one.claim(8), only_shared = two.claim(8);
  CHECK_EQ(all.count, 2u);
  CHECK_EQ(only_shared.count, 1u);
  CHECK_EQ(only_shared.position, all.position);
  one.finish(all);
  two.finish(only_shared);
  CHECK_EQ(queue.stats().tail, 0u);
  CHECK_EQ(three.finish(three.claim(8)), 2);
}

TEST(a_consumer_opened_after_a_WAKEUP_ALL_event_does_not_get_it) {
  TestQueue queue(8);
  Consumer one(queue);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_WAKEUP_ALL | KEVENT_REQ_READY)), 0);
  Run run = one.claim(8), none;
  Consumer late(queue);
  CHECK_EQ(late.try_claim(8, &none), -EAGAIN);
  CHECK_EQ(one.finish(run), 1);
}

TEST(a_WAKEUP_ALL_event_that_one_has_finished_is_not_handed_on) {
  TestQueue queue(8);
  Consumer one(queue), two(queue), three(queue);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_WAKEUP_ALL | KEVENT_REQ_READY)), 0);
  one.finish(one.claim(8));
  two.claim(8);
  two.close();
  three.close();
  CHECK_EQ(queue.stats().tail, 1u);
  Run none;
  CHECK_EQ(one.try_claim(8, &none), -EAGAIN);
}

TEST(a_WAKEUP_ALL_event_that_nobody_finished_is_handed_on) {
  TestQueue queue(8);
  Consumer one(queue);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_WAKEUP_ALL | KEVENT_REQ_READY)), 0);
  one.claim(8);
  one.close();
  Consumer next(queue);
  CHECK_EQ(next.finish(next.claim(8)), 1);
}

TEST(a_commit_takes_slots_from_whoever_claimed_them) {
  TestQueue queue(8);
  Consumer one(queue);
  make_ready(queue, 3);
  Run run = one.claim(2);
  CHECK_EQ(queue.commit(3), 3);
  CHECK_EQ(one.finish(run), 0);
  Run none;
  CHECK_EQ(one.try_claim(8, &none), -EAGAIN);
}

TEST(consumers_are_numbered_and_no_more_than_there_is_place_for) {
  TestQueue queue;
  std::vector<int> ids;
  for (int i = 0; i < KEVENT_MAX_CONSUMERS; i++) ids.push_back(kevent_consumer_open(queue.fd(), nullptr, nullptr));
  for (int id : ids) CHECK(id >= 0);
  CHECK_EQ(kevent_consumer_open(queue.fd(), nullptr, nullptr), -EUSERS);
  CHECK_EQ(kevent_consumer_close(queue.fd(), ids[7]), 0);
  CHECK_EQ(kevent_consumer_close(queue.fd(), ids[7]), -EINVAL);
  CHECK_EQ(kevent_consumer_open(queue.fd(), nullptr, nullptr), ids[7]);
  kevent_run run;
  for (int id : {-1, KEVENT_MAX_CONSUMERS, INT32_MAX}) {
    CHECK_EQ(kevent_claim(queue.fd(), id, 1, &kAtOnce, 0, &run), -EINVAL);
    CHECK_EQ(kevent_consumer_close(queue.fd(), id), -EINVAL);
  }
  CHECK_EQ(kevent_claim(queue.fd(), ids[0], 1, &kAtOnce, 0, nullptr), -EFAULT);
  CHECK_EQ(kevent_claim(queue.fd(), ids[0], 1, &kAtOnce, 0x100, &run), -EINVAL);
}

TEST(a_claim_says_from_where_on_no_event_is_the_last_of_its_kevent) {
  TestQueue queue(8);
  Consumer one(queue);
  make_ready(queue, 2);
  CHECK_EQ(one.claim(8).plain_from, 0u);
  queue.add(user_event(10, KEVENT_REQ_READY | KEVENT_REQ_ONESHOT | KEVENT_REQ_ALWAYS_QUEUE));
  queue.add(user_event(11, KEVENT_REQ_READY | KEVENT_REQ_ALWAYS_QUEUE));
  Run run = one.claim(1);
  CHECK_EQ(run.position, 2u);
  CHECK_EQ(run.plain_from, 3u);
  run = one.claim(1);
  CHECK_EQ(run.position, 3u);
  CHECK_EQ(run.plain_from, 3u);
}

TEST(max_0_collects_and_claims_nothing) {
  TestQueue queue(3);
  Consumer one(queue);
  make_ready(queue, 2);
  Run run;
  CHECK_EQ(one.try_claim(0, &run), 0);
  CHECK_EQ(queue.stats().head, 2u);
  for (uint64_t id = 2; id < 5; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(one.try_claim(0, &run), -ENOBUFS);
  CHECK_EQ(queue.stats().head, 3u);
  CHECK_EQ(one.claim(3).count, 3u);
}

TEST(NO_COLLECT_claims_only_what_is_ready_already) {
  TestQueue queue(8);
  Consumer one(queue);
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK_EQ(queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN)), 0);
  eventfd_write(fd, 1);
  make_ready(queue, 1);
  Run run;
  uint32_t flags = KEVENT_FLAGS_NONBLOCK | KEVENT_FLAGS_NO_COLLECT;
  CHECK_EQ(one.try_claim(8, &run, flags), 1);
  CHECK_EQ(one.try_claim(8, &run, flags), -EAGAIN);
  CHECK_EQ(one.try_claim(8, &run), 1);
  close(fd);
}

constexpr uint64_t kMillisecond = 1000000;

void add_timer(TestQueue& queue, uint32_t user, uint64_t ns, uint32_t req_flags = KEVENT_REQ_ONESHOT) {
  ukevent timer = request(KEVENT_TIMER, 0, KEVENT_TIMER_FIRED, req_flags);
  timer.id.raw[1] = static_cast<uint32_t>(ns);
  timer.user[0] = user;
  CHECK_EQ(queue.add(timer), 0);
}

void until_readable(TestQueue& queue) {
  pollfd descriptor = {queue.fd(), POLLIN, 0};
  CHECK_EQ(poll(&descriptor, 1, 10000), 1);
}

// The first of two timers is claimed by a call that does not set the timerfd for the second.
Run claim_first_of_two(TestQueue& queue, Consumer& one) {
  add_timer(queue, 1, kMillisecond);
  add_timer(queue, 2, 30 * kMillisecond);
  Run run;
  do {
    until_readable(queue);
  } while (one.try_claim(8, &run) == -EAGAIN);
  CHECK_EQ(run.count, 1u);
  return run;
}

TEST(a_timer_behind_one_that_was_claimed_comes_although_that_is_not_finished) {
  TestQueue queue(8);
  Consumer one(queue);
  claim_first_of_two(queue, one);
  Run next;
  do {
    until_readable(queue);
  } while (one.try_claim(8, &next) == -EAGAIN);
  CHECK_EQ(queue.ring()->event[next.position].user[0], 2u);
}

TEST(a_timer_behind_one_that_was_claimed_wakes_whoever_waits_by_then) {
  TestQueue queue(8);
  Consumer one(queue);
  claim_first_of_two(queue, one);
  ukevent event;
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, &kPatience, &event, 0), 1);
  CHECK_EQ(event.user[0], 2u);
}

TEST(a_timer_behind_one_that_was_claimed_wakes_whoever_waited_before) {
  TestQueue queue(8);
  Consumer one(queue), two(queue);
  add_timer(queue, 1, kMillisecond);
  add_timer(queue, 2, 30 * kMillisecond);
  Run run, other;
  Caller caller([&] { return two.try_claim(8, &other, 0); });
  while (one.try_claim(8, &run) == -EAGAIN && queue.stats().head == 0) {
  }
  CHECK_EQ(caller.result(), 1);
  while (queue.stats().head < 2) {
    until_readable(queue);
    one.try_claim(8, &run);
  }
}

TEST(a_timer_behind_one_that_was_claimed_comes_when_the_consumer_closes) {
  TestQueue queue(8);
  Consumer one(queue), next(queue);
  claim_first_of_two(queue, one);
  one.close();
  CHECK_EQ(next.claim(8).count, 1u);
  Run run;
  while (queue.stats().head < 2) {
    until_readable(queue);
    next.try_claim(8, &run);
  }
}

TEST(a_timer_added_while_another_is_in_hand_comes_in_time) {
  TestQueue queue(8);
  Consumer one(queue);
  add_timer(queue, 1, kMillisecond);
  until_readable(queue);
  Run run = one.claim(8), next;
  add_timer(queue, 2, kMillisecond);
  do {
    until_readable(queue);
  } while (one.try_claim(8, &next) == -EAGAIN);
  CHECK_EQ(next.position, run.position + 1);
}

TEST(timers_that_are_always_due_do_not_keep_other_events_away) {
  TestQueue queue(64);
  Consumer one(queue);
  for (uint64_t user = 0; user < 8; user++) add_timer(queue, user, 1000, 0);
  int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK_EQ(queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, KEVENT_REQ_ALWAYS_QUEUE)), 0);
  bool seen = false;
  for (int claims = 0; claims < 4 && !seen; claims++) {
    usleep(1000);
    Run run;
    if (one.try_claim(64, &run) < 0) continue;
    for (uint32_t i = 0; i < run.count; i++) {
      seen |= queue.ring()->event[(run.position + i) % 64].type == KEVENT_POLL;
    }
    one.finish(run);
  }
  CHECK(seen);
  close(fd);
}

TEST(the_claim_after_one_that_was_content_with_timers_asks_for_the_rest) {
  TestQueue queue(8);
  Consumer one(queue);
  add_timer(queue, 1, kMillisecond);
  int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK_EQ(queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, KEVENT_REQ_ALWAYS_QUEUE)), 0);
  usleep(2000);
  Run run;
  CHECK_EQ(one.try_claim(8, &run), 1);
  CHECK_EQ(queue.ring()->event[0].type, KEVENT_TIMER);
  uint32_t flags = KEVENT_FLAGS_NONBLOCK | KEVENT_FLAGS_NO_COLLECT;
  CHECK_EQ(one.try_claim(8, &run, flags), 1);
  CHECK_EQ(queue.ring()->event[1].type, KEVENT_POLL);
  close(fd);
}

TEST(a_claim_that_waits_ends_with_its_timeout_or_by_a_wake_up) {
  TestQueue queue(8);
  Consumer one(queue);
  kevent_run run;
  kevent_timespec limit = {0, 2000000};
  uint64_t start = now_ns();
  CHECK_EQ(kevent_claim(queue.fd(), one.id(), 8, &limit, 0, &run), 0);
  CHECK(now_ns() - start >= 2000000);
  Caller caller([&] { return kevent_claim(queue.fd(), one.id(), 8, nullptr, 0, &run); });
  caller.until_asleep();
  queue.wake();
  CHECK_EQ(caller.result(), 0);
}

// A consumer that lives in an event loop: told, then it claims.
struct Attached {
  std::atomic<int> told{0};
  static void notify(void* context) { static_cast<Attached*>(context)->told++; }
};

TEST(an_attached_consumer_is_told_of_events_that_another_left) {
  TestQueue queue(8);
  Attached attached;
  Consumer idle(queue, Attached::notify, &attached), one(queue);
  Run run;
  CHECK_EQ(idle.try_claim(8, &run), -EAGAIN);
  make_ready(queue, 3);
  one.claim(1);
  CHECK(attached.told >= 1);
  CHECK_EQ(idle.try_claim(8, &run), 2);
}

TEST(an_attached_consumer_is_told_of_what_others_put_into_the_ring) {
  TestQueue queue(8);
  Attached attached;
  Consumer idle(queue, Attached::notify, &attached), paused(queue);
  Run run;
  CHECK_EQ(idle.try_claim(8, &run), -EAGAIN);
  make_ready(queue, 1);
  CHECK_EQ(paused.try_claim(0, &run), 0);  // off the ready list: no descriptor shows it now
  CHECK(attached.told >= 1);
  idle.finish(idle.claim(8));
  CHECK_EQ(idle.try_claim(8, &run), -EAGAIN);
  int before = attached.told;
  queue.ready(user_event(0));
  CHECK_EQ(queue.wait(1), 1);
  CHECK(attached.told > before);
  CHECK_EQ(idle.try_claim(8, &run), 1);
}

TEST(an_attached_consumer_that_found_the_ring_full_is_told_of_room) {
  TestQueue queue(2);
  Attached attached;
  Consumer one(queue), starved(queue, Attached::notify, &attached);
  make_ready(queue, 3);
  Run run = one.claim(2), next;
  CHECK_EQ(starved.try_claim(2, &next), -ENOBUFS);
  int before = attached.told;
  one.finish(run);
  CHECK(attached.told > before);
  CHECK_EQ(starved.try_claim(2, &next), 1);
}

TEST(an_attached_consumer_is_told_of_WAKEUP_ALL_events_of_handed_over_slots_and_of_the_close) {
  Attached attached;
  TestQueue queue(8);
  Consumer idle(queue, Attached::notify, &attached), one(queue);
  Run run;
  CHECK_EQ(idle.try_claim(8, &run), -EAGAIN);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_WAKEUP_ALL | KEVENT_REQ_READY)), 0);
  one.claim(8);
  CHECK(attached.told >= 1);
  CHECK_EQ(idle.try_claim(8, &run), 1);
  int before = attached.told;
  make_ready(queue, 1);
  one.claim(8);
  one.close();
  CHECK(attached.told > before);
  CHECK_EQ(idle.try_claim(8, &run), 1);
}

TEST(an_observer_is_told_of_room_of_wake_ups_and_of_the_close) {
  Attached attached;
  TestQueue queue(2);
  int observer = kevent_observer_open(queue.fd(), Attached::notify, &attached);
  CHECK(observer >= 0);
  CHECK_EQ(kevent_observer_open(queue.fd(), nullptr, nullptr), -EINVAL);
  make_ready(queue, 3);
  CHECK_EQ(queue.wait(2), 2);
  int before = attached.told;
  CHECK_EQ(queue.commit(1), 1);
  CHECK(attached.told > before);
  before = attached.told;
  queue.wake();
  CHECK(attached.told > before);
  int second = kevent_observer_open(queue.fd(), Attached::notify, &attached);
  CHECK_EQ(kevent_observer_close(queue.fd(), second), 0);
  CHECK_EQ(kevent_observer_close(queue.fd(), second), -EINVAL);
  before = attached.told;
  queue.close();
  CHECK(attached.told > before);
}

}  // namespace
