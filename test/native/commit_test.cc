// kevent_commit: two numbers name one position, and what is before it is free again.
#include "test_queue.h"

namespace {

// Leaves the ring with `committed` slots given back of `filled` in all.
void bring_to(TestQueue& queue, uint64_t committed, uint64_t filled) {
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_ET)), 0);
  uint64_t tail = 0;
  for (uint64_t head = 0; head < filled;) {
    if (head - tail == queue.size()) {
      tail++;
      CHECK_EQ(queue.commit(tail), 1);
    }
    CHECK_EQ(queue.ready(user_event(1)), 0);
    CHECK_EQ(queue.wait(1), 1);
    head++;
  }
  if (tail < committed) CHECK_EQ(queue.commit(committed), static_cast<int>(committed - tail));
  CHECK_EQ(queue.stats().tail, committed);
  CHECK_EQ(queue.stats().head, filled);
}

TEST(B1_a_full_ring_is_released_in_one_commit) {
  TestQueue queue(8);
  bring_to(queue, 0, 8);
  CHECK_EQ(queue.ring()->ring_kidx, 0u);
  CHECK_EQ(kevent_commit(queue.fd(), 0, 0), 0);
  CHECK_EQ(kevent_commit(queue.fd(), 0, 1), 8);
  CHECK_EQ(queue.ring()->ring_over, 1u);
  CHECK_EQ(kevent_commit(queue.fd(), 0, 1), 0);
}

TEST(B2_a_late_smaller_commit_changes_nothing) {
  // The case of the original: 64 slots, the index at 20, one thread at 12, a late one at 10.
  TestQueue queue(64);
  bring_to(queue, 12, 20);
  CHECK_EQ(kevent_commit(queue.fd(), 10, 0), 0);
  CHECK_EQ(queue.ring()->ring_over, 0u);
  CHECK_EQ(kevent_commit(queue.fd(), 15, 0), 3);
  CHECK_EQ(queue.stats().tail, 15u);
}

TEST(B3_a_commit_beyond_the_head_is_refused) {
  TestQueue empty(64);
  CHECK_EQ(kevent_commit(empty.fd(), 5, 0), -EINVAL);
  CHECK_EQ(kevent_commit(empty.fd(), 0, 1), -EINVAL);
  // Wrapped: 60 committed, 69 filled.
  TestQueue queue(64);
  bring_to(queue, 60, 69);
  CHECK_EQ(kevent_commit(queue.fd(), 10, 1), -EINVAL);
  CHECK_EQ(queue.stats().tail, 60u);
  CHECK_EQ(kevent_commit(queue.fd(), 5, 1), 9);
}

TEST(B4_a_stale_count_of_wraps_is_not_taken_for_a_wrap) {
  TestQueue fresh(8);
  bring_to(fresh, 3, 6);
  CHECK_EQ(kevent_commit(fresh.fd(), 2, UINT32_MAX), -EOVERFLOW);
  CHECK_EQ(fresh.stats().tail, 3u);
  TestQueue queue(8);
  bring_to(queue, 11, 14);
  CHECK_EQ(kevent_commit(queue.fd(), 2, 0), 0);   // one wrap old: late, harmless
  CHECK_EQ(kevent_commit(queue.fd(), 7, 0), 0);
  CHECK_EQ(queue.ring()->ring_over, 1u);
  CHECK_EQ(kevent_commit(queue.fd(), 6, 1), 3);
  TestQueue older(8);
  bring_to(older, 19, 20);
  CHECK_EQ(kevent_commit(older.fd(), 7, 0), -EOVERFLOW);
  CHECK_EQ(kevent_commit(older.fd(), 7, 1), 0);
}

TEST(B36_the_index_given_back_is_one_past_the_last_consumed) {
  TestQueue queue(4);
  bring_to(queue, 0, 3);
  CHECK_EQ(kevent_commit(queue.fd(), 1, 0), 1);
  CHECK_EQ(kevent_commit(queue.fd(), 3, 0), 2);
  CHECK_EQ(queue.stats().tail, queue.stats().head);
}

TEST(indices_outside_the_ring_are_refused_before_anything_else) {
  TestQueue queue(5);
  bring_to(queue, 0, 5);
  for (uint32_t over : {0u, 1u, 7u, UINT32_MAX}) {
    CHECK_EQ(kevent_commit(queue.fd(), 5, over), -EINVAL);
    CHECK_EQ(kevent_commit(queue.fd(), UINT32_MAX, over), -EINVAL);
  }
  CHECK_EQ(queue.stats().tail, 0u);
}

// What the manual page means, written down once more and differently: search for the 64-bit count
// of wraps that ends in `over` and is nearest to the tail's.
int64_t expected(int64_t size, int64_t tail, int64_t head, int64_t new_uidx, uint32_t over) {
  if (new_uidx >= size) return -EINVAL;
  constexpr int64_t kTurn = int64_t{1} << 32;
  int64_t wraps = tail / size;
  int64_t nearest = over;
  for (int64_t candidate : {over - kTurn, over + kTurn}) {
    int64_t distance = candidate > wraps ? candidate - wraps : wraps - candidate;
    int64_t best = nearest > wraps ? nearest - wraps : wraps - nearest;
    if (distance < best) nearest = candidate;
  }
  if (nearest < 0 || wraps - nearest > 1) return -EOVERFLOW;
  int64_t position = nearest * size + new_uidx;
  if (position <= tail) return 0;
  return position > head ? -EINVAL : position - tail;
}

TEST(every_commit_to_a_ring_of_5_does_what_a_model_says) {
  constexpr uint32_t kSize = 5;
  const uint32_t overs[] = {0, 1, 2, 3, 4, UINT32_MAX, UINT32_MAX - 1, (1u << 31) + 16, (1u << 31) - 1};
  for (uint64_t tail = 0; tail <= 16; tail++) {
    for (uint64_t head = tail; head <= tail + kSize; head++) {
      auto queue = std::make_unique<TestQueue>(kSize);
      bring_to(*queue, tail, head);
      for (uint32_t index = 0; index <= kSize; index++) {
        for (uint32_t over : overs) {
          int64_t freed = expected(kSize, static_cast<int64_t>(tail), static_cast<int64_t>(head), index, over);
          CHECK_EQ(kevent_commit(queue->fd(), index, over), freed);
          uint64_t now = tail + static_cast<uint64_t>(freed > 0 ? freed : 0);
          CHECK_EQ(queue->stats().tail, now);
          CHECK_EQ(queue->ring()->ring_over, now / kSize);
          if (freed <= 0) continue;
          // Twice is harmless. Then back to where we were, in a queue of its own.
          CHECK_EQ(kevent_commit(queue->fd(), index, over), 0);
          queue = std::make_unique<TestQueue>(kSize);
          bring_to(*queue, tail, head);
        }
      }
    }
  }
}

TEST(slots_that_were_given_back_are_filled_again) {
  TestQueue queue(3);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_ET)), 0);
  for (uint32_t i = 1; i <= 1000; i++) {
    for (uint32_t n = 0; n < i % 4; n++) queue.ready(user_event(1));
    for (const ukevent& event : queue.read()) CHECK_EQ(event.ret_data[0], i % 4);
    CHECK(queue.commit_read() >= 0);
    CHECK_EQ(queue.ring()->ring_kidx, queue.stats().head % 3);
  }
  CHECK_EQ(queue.stats().head, 750u);
  CHECK_EQ(queue.ring()->ring_over, 250u);
}

TEST(what_the_caller_scribbles_into_the_ring_is_not_believed) {
  TestQueue queue(4);
  bring_to(queue, 0, 3);
  queue.ring()->ring_kidx = 77;
  queue.ring()->ring_over = 88;
  CHECK_EQ(kevent_commit(queue.fd(), 3, 0), 3);
  queue.ready(user_event(1));
  CHECK_EQ(kevent_wait(queue.fd(), 1, 3, &kAtOnce, 0), 1);
  CHECK_EQ(queue.slot(3).id.raw_u64, 1u);
  CHECK_EQ(queue.ring()->ring_kidx, 0u);
}

}  // namespace
