// The defects of the original that concern the queue, readiness and the calling conventions: B13 to B26.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "fd.h"
#include "queue.h"

using kevent::Fd;

namespace {

constexpr int kDone = KEVENT_RET_DONE;

Fd make_eventfd() { return Fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }
void raise_fd(const Fd& fd) {
  uint64_t one = 1;
  CHECK_EQ(write(fd.get(), &one, sizeof one), 8);
}
void drain_fd(const Fd& fd) {
  uint64_t value;
  CHECK_EQ(read(fd.get(), &value, sizeof value), 8);
}
ukevent poll_in(const Fd& fd, uint32_t flags) {
  return event_of(KEVENT_POLL, static_cast<uint32_t>(fd.get()), KEVENT_POLL_POLLIN, flags);
}

}  // namespace

TEST(B13_last_check_is_made_at_every_delivery_not_only_the_first) {
  TestQueue q(2);
  Fd fd = make_eventfd();
  CHECK_EQ(q.add(poll_in(fd, KEVENT_REQ_LAST_CHECK | KEVENT_REQ_ET)), 0);
  for (int round = 0; round < 3; round++) {
    raise_fd(fd);
    CHECK_EQ(q.wait(2), 1);
    CHECK_EQ(q.commit_all(), 1);
    drain_fd(fd);
    // Ready while the ring is full, and no longer ready when there is room.
    q.fill(1);
    raise_fd(fd);
    CHECK_EQ(q.ready(poll_in(fd, 0)), kDone);
    drain_fd(fd);
    CHECK_EQ(q.wait(2), 0);
    CHECK_EQ(q.commit_all(), 1);
  }
  CHECK_EQ(q.stats().kevents, 1u);
}

TEST(B14_level_means_reported_as_long_as_it_holds_and_never_when_it_does_not) {
  TestQueue q(4);
  Fd fd = make_eventfd();
  CHECK_EQ(q.add(poll_in(fd, KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK_EQ(q.wait(4), 0);
  raise_fd(fd);
  for (int round = 0; round < 3; round++) {
    CHECK_EQ(q.wait(4), 1);
    CHECK_EQ(q.wait(4), 0);  // one at a time: it is not committed
    CHECK_EQ(q.commit_all(), 1);
  }
  drain_fd(fd);
  CHECK_EQ(q.wait(4), 0);
  raise_fd(fd);
  CHECK_EQ(q.wait(4), 1);
}

TEST(B14_a_level_kevent_is_muted_only_while_its_event_is_uncommitted) {
  TestQueue q(4);
  Fd fd = make_eventfd();
  CHECK_EQ(q.add(poll_in(fd, KEVENT_REQ_ALWAYS_QUEUE)), 0);
  raise_fd(fd);
  for (int round = 0; round < 10; round++) {
    CHECK_EQ(q.wait(4), 1);
    CHECK_EQ(q.commit_all(), 1);
  }
  CHECK_EQ(q.stats().muted, 0u);
  CHECK_EQ(q.wait(4), 1);
  CHECK_EQ(q.wait(4), 0);
  CHECK_EQ(q.stats().muted, 1u);
}

TEST(B16_what_happens_during_a_delivery_comes_as_an_event_of_its_own) {
  TestQueue q(8);
  ukevent edge = user_event(1, KEVENT_REQ_ET);
  CHECK_EQ(q.add(edge), 0);
  constexpr uint32_t kTimes = 20000;
  std::thread producer([&] {
    for (uint32_t i = 0; i < kTimes; i++) {
      ukevent u = edge;
      CHECK_EQ(kevent_ctl(q.fd(), KEVENT_CTL_READY, 1, &u), 1);
    }
  });
  uint64_t counted = 0;
  for (uint64_t seen = 0; counted < kTimes;) {
    int moved = q.wait(8, &kLong);
    for (int i = 0; i < moved; i++) {
      const ukevent& event = q.slot(seen++);
      CHECK(event.ret_flags == KEVENT_RET_DONE && event.ret_data[0] > 0);
      counted += event.ret_data[0];
    }
    q.commit(seen);
  }
  producer.join();
  CHECK_EQ(counted, kTimes);
}

TEST(B17_modify_neither_fires_nor_loses_a_user_event_and_judges_a_descriptor_afresh) {
  TestQueue q(8);
  CHECK_EQ(q.add(user_event(1)), 0);
  CHECK_EQ(q.modify(user_event(1, KEVENT_REQ_ET)), kDone);
  CHECK_EQ(q.wait(8), 0);
  CHECK_EQ(q.ready(user_event(1)), kDone);
  CHECK_EQ(q.ready(user_event(1)), kDone);
  CHECK_EQ(q.modify(user_event(1, KEVENT_REQ_ONESHOT)), kDone);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(0).ret_data[0], 2u);
  CHECK_EQ(q.modify(user_event(1)), -ENOENT);

  Fd fd = make_eventfd();
  ukevent out = event_of(KEVENT_POLL, static_cast<uint32_t>(fd.get()), KEVENT_POLL_POLLOUT, KEVENT_REQ_ALWAYS_QUEUE);
  ukevent in = poll_in(fd, KEVENT_REQ_ALWAYS_QUEUE);
  CHECK_EQ(q.add(out), 0);
  CHECK_EQ(q.ready(out), kDone);  // on the ready list, for the old mask
  CHECK_EQ(q.modify(in), kDone);
  CHECK_EQ(q.wait(8), 0);
  raise_fd(fd);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(1).ret_data[0], uint32_t{KEVENT_POLL_POLLIN});
}

TEST(B17_modify_of_a_timer_does_not_fire_it) {
  TestQueue q(4);
  ukevent timer = event_of(KEVENT_TIMER, 3600, KEVENT_TIMER_FIRED);
  CHECK_EQ(q.add(timer), 0);
  timer.req_flags = KEVENT_REQ_ET;
  CHECK_EQ(q.modify(timer), kDone);
  CHECK_EQ(q.wait(4), 0);
}

TEST(B18_removing_and_closing_under_delivery_is_safe) {
  for (int round = 0; round < 20; round++) {
    TestQueue q(16);
    std::atomic<bool> stop{false};
    std::thread remover([&] {
      while (!stop) {
        for (uint32_t id = 0; id < 8; id++) {
          ukevent u = user_event(id, KEVENT_REQ_READY | (id & 1));
          kevent_ctl(q.fd(), KEVENT_CTL_ADD, 1, &u);
          if (id & 2) kevent_ctl(q.fd(), KEVENT_CTL_REMOVE, 1, &u);
        }
      }
    });
    for (int i = 0; i < 300; i++) {
      CHECK(q.wait(16) >= 0);
      CHECK(q.commit_all() >= 0);
    }
    stop = true;
    remover.join();
  }
}

TEST(B18_a_removed_kevent_is_never_delivered) {
  TestQueue q(4);
  CHECK_EQ(q.add(user_event(1, KEVENT_REQ_READY)), 0);
  CHECK_EQ(q.remove(user_event(1)), kDone);
  CHECK_EQ(q.wait(4), 0);
  CHECK_EQ(q.stats().kevents, 0u);
}

TEST(B19_every_kevent_of_an_inode_that_dies_is_told_and_goes) {
  TestQueue q(8);
  char directory[] = "/tmp/kevent-test-XXXXXX";
  CHECK(mkdtemp(directory));
  int wd = kevent_inode_watch(q.fd(), directory, KEVENT_INODE_CREATE);
  CHECK(wd > 0);
  for (uint32_t user = 0; user < 3; user++) {
    CHECK_EQ(q.add(event_of(KEVENT_INODE, static_cast<uint32_t>(wd), KEVENT_INODE_CREATE, 0, user)), 0);
  }
  CHECK_EQ(rmdir(directory), 0);
  CHECK_EQ(q.wait(8, &kLong), 3);
  for (uint64_t i = 0; i < 3; i++) CHECK(q.slot(i).ret_data[0] & KEVENT_INODE_IGNORED);
  CHECK_EQ(q.stats().kevents, 0u);
}

TEST(B21_and_B22_timeouts_are_64_bit_by_pointer_and_null_waits_for_ever) {
  TestQueue q(4);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, uint64_t{5000000} << 32, KEVENT_TIMER_FIRED, KEVENT_REQ_ONESHOT)), 0);
  CHECK_EQ(q.wait(4, nullptr), 1);
  kevent_timespec far = {INT64_MAX, 999999999};
  CHECK_EQ(q.add(user_event(1, KEVENT_REQ_READY)), 0);
  CHECK_EQ(q.wait(4, &far), 1);
  const kevent_timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
  for (const kevent_timespec& time : bad) CHECK_EQ(kevent_wait(q.fd(), 1, 2, &time, 0), -EINVAL);
}

TEST(B23_a_reader_that_sees_the_index_sees_the_entry) {
  TestQueue q(64);
  ukevent edge = user_event(1, KEVENT_REQ_ET);
  CHECK_EQ(q.add(edge), 0);
  constexpr uint64_t kTimes = 20000;
  // Only the shared memory is looked at, as another thread may do without a call.
  std::thread reader([&] {
    for (uint64_t position = 0; position < kTimes; position++) {
      while (__atomic_load_n(&q.ring()->ring_kidx, __ATOMIC_ACQUIRE) == position % 64) std::this_thread::yield();
      CHECK_EQ(q.slot(position).ret_data[0], 1u);
      CHECK_EQ(kevent_commit(q.fd(), static_cast<uint32_t>((position + 1) % 64), static_cast<uint32_t>((position + 1) / 64)), 1);
    }
  });
  for (uint64_t i = 0; i < kTimes; i++) {
    while (q.stats().head - q.stats().tail >= 32) std::this_thread::yield();
    CHECK_EQ(q.ready(edge), kDone);
    CHECK_EQ(kevent_wait(q.fd(), 1, static_cast<uint32_t>(i % 64), &kLong, 0), 1);
  }
  reader.join();
}

TEST(B24_what_a_queue_may_hold_is_bounded) {
  uint64_t ring[1 + 5 * 2] = {};
  CHECK_EQ(kevent_init(reinterpret_cast<kevent_ring*>(ring), KEVENT_MAX_RING + 1, 0), -EINVAL);
  TestQueue q(0);
  Fd fd = make_eventfd();
  for (uint32_t user = 0; user < KEVENT_MAX_SAME_FD; user++) {
    ukevent u = poll_in(fd, KEVENT_REQ_ALWAYS_QUEUE);
    u.user[0] = user;
    CHECK_EQ(q.add(u), 0);
  }
  ukevent more = poll_in(fd, KEVENT_REQ_ALWAYS_QUEUE);
  more.user[0] = KEVENT_MAX_SAME_FD;
  CHECK_EQ(q.add(more), -ENOSPC);
}

TEST(B25_and_B26_each_entry_has_its_status_in_place_and_the_result_counts_the_good_ones) {
  TestQueue q(8);
  ukevent entries[5] = {user_event(1), user_event(1), event_of(99, 1, 1), user_event(2, 0x80), user_event(3)};
  CHECK_EQ(kevent_ctl(q.fd(), KEVENT_CTL_ADD, 5, entries), 2);
  const int expected[5] = {0, -EEXIST, -ENOSYS, -EINVAL, 0};
  for (int i = 0; i < 5; i++) {
    CHECK_EQ(entries[i].ret_flags, expected[i] ? uint32_t{KEVENT_RET_BROKEN | KEVENT_RET_DONE} : 0u);
    if (expected[i]) CHECK_EQ(static_cast<int>(entries[i].ret_data[1]), expected[i]);
  }
  CHECK_EQ(entries[4].id.raw[0], 3u);
  for (uint32_t cmd : {KEVENT_CTL_READY, KEVENT_CTL_MODIFY, KEVENT_CTL_REMOVE}) {
    ukevent two[2] = {user_event(9), user_event(3)};
    CHECK_EQ(kevent_ctl(q.fd(), cmd, 2, two), 1);
    CHECK_EQ(two[0].ret_flags, uint32_t{KEVENT_RET_BROKEN | KEVENT_RET_DONE});
    CHECK_EQ(static_cast<int>(two[0].ret_data[1]), -ENOENT);
    CHECK_EQ(two[1].ret_flags, uint32_t{KEVENT_RET_DONE});
  }
  for (uint32_t type : {KEVENT_AIO, KEVENT_NAIO}) CHECK_EQ(q.add(event_of(type, 1, 1)), -ENOSYS);
}
