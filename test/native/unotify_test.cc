// UNOTIFY: the user's own events, from any thread, counted.
#include "caller.h"
#include "test_queue.h"

namespace {

TEST(the_id_is_free_in_all_its_64_bits) {
  TestQueue queue;
  for (uint64_t id : {uint64_t{0}, uint64_t{1} << 63, UINT64_MAX, uint64_t{0xffffffff}}) {
    CHECK_EQ(queue.add(user_event(id)), 0);
    CHECK_EQ(queue.ready(user_event(id)), 0);
    CHECK_EQ(queue.next().id.raw_u64, id);
  }
}

TEST(it_is_never_ready_by_itself) {
  TestQueue queue;
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(user_event(1, KEVENT_REQ_ALWAYS_QUEUE | KEVENT_REQ_LAST_CHECK)), 0);
  CHECK(queue.idle());
  CHECK_EQ(queue.ready(user_event(1)), 0);
  queue.next();
  CHECK(queue.idle());
}

TEST(B16_an_event_at_the_moment_of_a_delivery_is_in_it_or_in_the_next) {
  constexpr uint64_t kEvents = 50000;
  for (uint32_t flags : {uint32_t{KEVENT_REQ_ET}, uint32_t{0}}) {
    TestQueue queue(3);
    CHECK_EQ(queue.add(user_event(1, flags)), 0);
    Caller sender([&] {
      for (uint64_t i = 0; i < kEvents; i++) CHECK_EQ(queue.ready(user_event(1)), 0);
      return 0;
    });
    uint64_t counted = 0;
    while (counted < kEvents) {
      ukevent event = queue.next();
      CHECK(event.ret_data[0] >= 1);  // never blank
      CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
      counted += event.ret_data[0];
    }
    CHECK_EQ(counted, kEvents);
    sender.result();
    CHECK(queue.idle());
  }
}

TEST(threads_that_send_at_the_same_time_are_all_counted) {
  constexpr uint64_t kEach = 5000;
  TestQueue queue;
  queue.add(user_event(1));
  auto send = [&] {
    for (uint64_t i = 0; i < kEach; i++) CHECK_EQ(queue.ready(user_event(1)), 0);
    return 0;
  };
  Caller one(send), two(send), three(send);
  uint64_t counted = 0;
  while (counted < 3 * kEach) counted += queue.next().ret_data[0];
  one.result(), two.result(), three.result();
  CHECK_EQ(counted, 3 * kEach);
  CHECK(queue.idle());
}

// A delivered event is a copy: what becomes of its kevent, or its queue, does not touch it.
TEST(B18_kevents_may_be_removed_while_other_threads_deliver_them) {
  constexpr uint64_t kIds = 16;
  TestQueue queue(8);
  std::atomic<bool> stop{false};
  auto change = [&](uint64_t first) {
    for (int round = 0; round < 3000; round++) {
      for (uint64_t id = first; id < kIds; id += 2) {
        uint32_t flags = KEVENT_REQ_READY | (round % 3 == 0 ? uint32_t{KEVENT_REQ_ONESHOT} : 0);
        CHECK_EQ(queue.add(user_event(id, flags)), 0);
        queue.ready(user_event(id));
        int outcome = queue.remove(user_event(id));
        CHECK(outcome == 0 || outcome == -ENOENT);
      }
    }
    return 0;
  };
  auto deliver = [&] {
    ukevent events[8];
    while (!stop) {
      int count = kevent_get_events(queue.fd(), 0, 8, &kAtOnce, events, 0);
      CHECK(count >= 0);
      for (int i = 0; i < count; i++) CHECK(events[i].id.raw_u64 < kIds && events[i].ret_data[0] >= 1);
      kevent_statistics stats = queue.stats();
      int freed = queue.commit(stats.head);
      CHECK(freed >= 0 || freed == -EOVERFLOW);
    }
    return 0;
  };
  Caller reader(deliver), other(deliver);
  Caller even([&] { return change(0); }), odd([&] { return change(1); });
  even.result(), odd.result();
  stop = true;
  reader.result(), other.result();
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(the_READY_of_ADD_is_counted_too) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  CHECK_EQ(queue.ready(user_event(1)), 0);
  CHECK_EQ(queue.next().ret_data[0], 2u);
}

}  // namespace
