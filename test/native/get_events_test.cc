// kevent_get_events: at least min_nr, at most max_nr, into a buffer; room in the ring or not.
#include <fcntl.h>

#include "caller.h"
#include "test_queue.h"

namespace {

TEST(B10_get_events_waits_until_min_nr_are_ready) {
  TestQueue queue;
  for (uint64_t id = 1; id <= 4; id++) queue.add(user_event(id));
  ukevent events[4];
  Caller caller([&] { return kevent_get_events(queue.fd(), 3, 4, &kPatience, events, 0); });
  for (uint64_t id = 1; id <= 2; id++) {
    caller.until_asleep();
    CHECK_EQ(queue.ready(user_event(id)), 0);
  }
  caller.until_asleep();
  CHECK_EQ(queue.stats().delivered, 0u);
  CHECK_EQ(queue.ready(user_event(4)), 0);
  CHECK_EQ(caller.result(), 3);
  CHECK_EQ(events[0].id.raw_u64, 1u);
  CHECK_EQ(events[2].id.raw_u64, 4u);
}

TEST(B10_get_events_needs_no_room_in_the_ring) {
  TestQueue queue(2);
  for (uint64_t id = 1; id <= 4; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2), 2);
  ukevent events[4];
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 4, nullptr, events, 0), 2);
  CHECK_EQ(events[1].id.raw_u64, 4u);
  // Nor does one that was asleep when the ring was full.
  Caller caller([&] { return kevent_get_events(queue.fd(), 1, 4, &kPatience, events, 0); });
  caller.until_asleep();
  queue.ready(user_event(3));
  CHECK_EQ(caller.result(), 1);
}

TEST(the_timeout_ends_with_fewer_than_min_nr) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  ukevent events[4];
  CHECK_EQ(kevent_get_events(queue.fd(), 4, 4, &kAtOnce, events, 0), 1);
  CHECK_EQ(kevent_get_events(queue.fd(), 4, 4, &kAtOnce, events, 0), 0);
  kevent_timespec limit = {0, 2000000};
  uint64_t start = now_ns();
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 4, &limit, events, 0), 0);
  CHECK(now_ns() - start >= 2000000);
}

TEST(min_nr_0_takes_what_there_is_and_goes) {
  TestQueue queue;
  ukevent events[4];
  CHECK_EQ(kevent_get_events(queue.fd(), 0, 4, nullptr, events, 0), 0);
  queue.add(user_event(1, KEVENT_REQ_READY));
  CHECK_EQ(kevent_get_events(queue.fd(), 0, 0, nullptr, nullptr, 0), 0);
  CHECK_EQ(kevent_get_events(queue.fd(), 0, 4, nullptr, events, 0), 1);
}

TEST(bad_arguments_take_no_event) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  ukevent event;
  kevent_timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}, {INT64_MIN, 0}, {0, INT64_MAX}};
  CHECK_EQ(kevent_get_events(queue.fd(), 2, 1, nullptr, &event, 0), -EINVAL);
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, nullptr, nullptr, 0), -EFAULT);
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, nullptr, &event, 0x100), -EINVAL);
  for (const kevent_timespec& timeout : bad) {
    CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, &timeout, &event, 0), -EINVAL);
  }
  CHECK_EQ(queue.get(&event), 1);
}

TEST(B11_a_copy_that_found_no_room_is_marked_in_the_buffer_and_delivered_once) {
  TestQueue queue(2);
  for (uint64_t id = 1; id <= 2; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2), 2);
  queue.add(user_event(3, KEVENT_REQ_ONESHOT | KEVENT_REQ_READY));
  queue.add(user_event(4, KEVENT_REQ_ET | KEVENT_REQ_READY));
  queue.add(user_event(5, KEVENT_REQ_READY));
  ukevent events[4];
  CHECK_EQ(kevent_get_events(queue.fd(), 3, 4, nullptr, events, 0), 3);
  for (int i = 0; i < 3; i++) CHECK_EQ(events[i].ret_flags, KEVENT_RET_DONE | KEVENT_RET_COPY_FAILED);
  CHECK(queue.idle() || queue.wait(1, &kAtOnce, KEVENT_FLAGS_NONBLOCK) == -ENOBUFS);
  CHECK_EQ(queue.commit(2), 2);
  CHECK(queue.idle());
  // The bit was about that delivery only, and the ONESHOT's key is free again.
  CHECK_EQ(queue.add(user_event(3, KEVENT_REQ_ONESHOT | KEVENT_REQ_READY)), 0);
  CHECK_EQ(queue.ready(user_event(4)), 0);
  CHECK_EQ(kevent_get_events(queue.fd(), 2, 4, nullptr, events, 0), 2);
  for (int i = 0; i < 2; i++) CHECK_EQ(events[i].ret_flags, KEVENT_RET_DONE);
  CHECK_EQ(queue.slot(2).ret_flags, KEVENT_RET_DONE);
}

TEST(B12_the_ring_has_a_copy_of_each_event_and_wait_does_not_deliver_it_again) {
  TestQueue queue(8);
  for (uint64_t id = 1; id <= 3; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  ukevent events[2];
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 2, nullptr, events, 0), 2);
  CHECK_EQ(queue.ring()->ring_kidx, 2u);
  CHECK_EQ(memcmp(events, queue.ring()->event, sizeof events), 0);
  CHECK_EQ(queue.wait(8), 1);
  CHECK_EQ(queue.slot(2).id.raw_u64, 3u);
  CHECK(queue.idle());
  // Level: uncommitted, so it holds its next event back, copy or not.
  CHECK_EQ(queue.ready(user_event(1)), 0);
  CHECK(queue.idle());
  CHECK_EQ(queue.commit(3), 3);
  CHECK_EQ(queue.wait(8), 1);
}

TEST(without_a_ring_a_delivery_counts_as_committed) {
  TestQueue queue(0);
  int pipe_fds[2];
  CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
  queue.add(request(KEVENT_PIPE, static_cast<uint64_t>(pipe_fds[0]), KEVENT_SOCKET_RECV));
  CHECK_EQ(write(pipe_fds[1], "x", 1), 1);
  ukevent event;
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, &kPatience, &event, 0), 1);
    CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
  }
  char byte;
  CHECK_EQ(read(pipe_fds[0], &byte, 1), 1);
  CHECK(queue.idle());
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST(B21_the_timeout_is_a_pointer_to_64_bits_and_the_flags_arrive) {
  TestQueue queue;
  ukevent event;
  kevent_timespec past = {1, 0};
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, &past, &event, KEVENT_FLAGS_ABSTIME), 0);
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, &past, &event, KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_MONOTONIC), 0);
  CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, &kPatience, &event, KEVENT_FLAGS_NONBLOCK), -EAGAIN);
  // In the year 2242 by a count of seconds whose low half lies in the past.
  kevent_timespec far[] = {{(int64_t{2} << 32) + 1, 0}, {INT64_MAX, 999999999}};
  for (const kevent_timespec& until : far) {
    for (uint32_t clock : {uint32_t{0}, uint32_t{KEVENT_FLAGS_MONOTONIC}, uint32_t{KEVENT_FLAGS_BOOTTIME}}) {
      for (uint32_t absolute : {uint32_t{0}, uint32_t{KEVENT_FLAGS_ABSTIME}}) {
        Caller caller([&] { return kevent_get_events(queue.fd(), 1, 1, &until, &event, clock | absolute); });
        caller.until_asleep();
        queue.wake();
        CHECK_EQ(caller.result(), 0);
      }
    }
  }
}

TEST(a_slice_that_ends_moves_nothing) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  ukevent events[2];
  CHECK_EQ(kevent_get_events(queue.fd(), 2, 2, &kAtOnce, events, KEVENT_FLAGS_SLICE), -EAGAIN);
  CHECK_EQ(queue.stats().delivered, 0u);
  queue.add(user_event(2, KEVENT_REQ_READY));
  CHECK_EQ(kevent_get_events(queue.fd(), 2, 2, &kAtOnce, events, KEVENT_FLAGS_SLICE), 2);
}

TEST(several_threads_take_each_event_once) {
  constexpr uint64_t kEvents = 2000;
  TestQueue queue(0);
  std::atomic<uint64_t> taken[kEvents] = {};
  std::atomic<bool> stop{false};
  auto take = [&] {
    ukevent events[7];
    for (;;) {
      int count = kevent_get_events(queue.fd(), 1, 7, &kPatience, events, 0);
      for (int i = 0; i < count; i++) taken[events[i].id.raw_u64]++;
      if (count == 0 && stop) return 0;
    }
  };
  Caller one(take), two(take), three(take);
  for (uint64_t id = 0; id < kEvents; id++) {
    CHECK_EQ(queue.add(user_event(id, KEVENT_REQ_ONESHOT | KEVENT_REQ_READY)), 0);
  }
  eventually([&] { return queue.stats().delivered == kEvents; });
  stop = true;
  for (int i = 0; i < 3; i++) queue.wake();
  one.result(), two.result(), three.result();
  for (const auto& count : taken) CHECK_EQ(count.load(), 1u);
}

}  // namespace
