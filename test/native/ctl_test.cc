// kevent_ctl: what each command does to its entries, and what it says about them.
#include <fcntl.h>
#include <sys/eventfd.h>

#include "test_queue.h"

namespace {

TEST(B25_each_entry_has_its_own_status_in_place) {
  TestQueue queue;
  ukevent entries[6] = {user_event(1), request(77, 0, 1), user_event(2), user_event(1),
                        request(KEVENT_TIMER, 0, KEVENT_TIMER_FIRED), user_event(3)};
  for (uint32_t i = 0; i < 6; i++) entries[i].user[1] = 7;
  ukevent before[6];
  memcpy(before, entries, sizeof entries);
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, 6, entries), 3);
  const int outcomes[6] = {0, -ENOSYS, 0, -EEXIST, -EINVAL, 0};
  for (int i = 0; i < 6; i++) {
    uint32_t flags = outcomes[i] ? KEVENT_RET_BROKEN | KEVENT_RET_DONE : 0;
    CHECK_EQ(entries[i].ret_flags, flags);
    CHECK_EQ(static_cast<int>(entries[i].ret_data[1]), outcomes[i]);
    // What the caller wrote stays, where it was.
    CHECK_EQ(entries[i].id.raw_u64, before[i].id.raw_u64);
    CHECK_EQ(entries[i].type, before[i].type);
    CHECK_EQ(entries[i].req_flags, before[i].req_flags);
    CHECK_EQ(entries[i].user[1], 7u);
  }
  ukevent again[3] = {entries[5], user_event(99), entries[0]};
  for (uint32_t cmd : {KEVENT_CTL_MODIFY, KEVENT_CTL_READY, KEVENT_CTL_REMOVE}) {
    CHECK_EQ(kevent_ctl(queue.fd(), cmd, 3, again), 2);
    CHECK_EQ(again[0].ret_flags, KEVENT_RET_DONE);
    CHECK_EQ(again[1].ret_flags, KEVENT_RET_BROKEN | KEVENT_RET_DONE);
    CHECK_EQ(static_cast<int>(again[1].ret_data[1]), -ENOENT);
    CHECK_EQ(again[2].ret_flags, KEVENT_RET_DONE);
  }
}

TEST(B26_an_unknown_type_is_broken_and_says_so) {
  TestQueue queue;
  for (uint32_t type : {uint32_t{KEVENT_MAX}, 77u, 0x80000000u, UINT32_MAX}) {
    ukevent entry = request(type, 1, KEVENT_MASK_ALL);
    CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), -ENOSYS);
    CHECK_EQ(entry.ret_flags, KEVENT_RET_BROKEN | KEVENT_RET_DONE);
  }
}

TEST(B34_aio_is_not_built_and_says_so) {
  TestQueue queue;
  CHECK_EQ(queue.add(request(KEVENT_AIO, 1, KEVENT_AIO_BIO)), -ENOSYS);
}

TEST(B27_type_id_and_user_together_are_the_key) {
  TestQueue queue(32);
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  uint64_t number = static_cast<uint64_t>(fd);
  ukevent all[] = {
      request(KEVENT_POLL, number, KEVENT_POLL_POLLIN),
      request(KEVENT_UNOTIFY, number, 1),
      request(KEVENT_TIMER, number, KEVENT_TIMER_FIRED),        // `number` seconds
      request(KEVENT_POLL, number, KEVENT_POLL_POLLIN, 0, 1),   // user[0] differs
      request(KEVENT_TIMER, number, KEVENT_TIMER_FIRED, 0, 1),  // an equal interval
      request(KEVENT_POLL, number | uint64_t{1} << 32, KEVENT_POLL_POLLIN),  // raw[1] differs
      request(KEVENT_UNOTIFY, number, 1),
  };
  all[6].user[1] = 1;
  constexpr int kCount = 7;
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, kCount, all), kCount);
  CHECK_EQ(queue.stats().kevents, uint64_t{kCount});
  for (const ukevent& one : all) CHECK_EQ(queue.add(one), -EEXIST);
  // Neither event nor req_flags belong to it.
  ukevent other = all[0];
  other.event = KEVENT_POLL_POLLOUT;
  other.req_flags = KEVENT_REQ_ET;
  CHECK_EQ(queue.add(other), -EEXIST);
  for (const ukevent& one : all) {
    CHECK_EQ(queue.remove(one), 0);
    CHECK_EQ(queue.remove(one), -ENOENT);
  }
  CHECK_EQ(queue.stats().kevents, 0u);
  close(fd);
}

TEST(bad_calls_are_answered) {
  TestQueue queue;
  ukevent entry = user_event(1);
  int pipe_fds[2];
  CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
  CHECK_EQ(kevent_ctl(-1, KEVENT_CTL_ADD, 1, &entry), -EBADF);
  CHECK_EQ(kevent_ctl(1 << 30, KEVENT_CTL_ADD, 1, &entry), -EBADF);
  CHECK_EQ(kevent_ctl(pipe_fds[0], KEVENT_CTL_ADD, 1, &entry), -EINVAL);
  CHECK_EQ(kevent_ctl(queue.fd(), 4, 1, &entry), -EINVAL);
  CHECK_EQ(kevent_ctl(queue.fd(), UINT32_MAX, 0, nullptr), -EINVAL);
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, 1, nullptr), -EFAULT);
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, 0, nullptr), 0);
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_REMOVE, 0, nullptr), 0);
  CHECK_EQ(queue.stats().kevents, 0u);
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST(request_flags_that_nobody_knows_are_refused) {
  TestQueue queue;
  CHECK_EQ(queue.add(user_event(1, 0x80)), -EINVAL);
  CHECK_EQ(queue.add(user_event(1, 0x80000000)), -EINVAL);
  CHECK_EQ(queue.add(user_event(1)), 0);
  CHECK_EQ(queue.modify(user_event(1, 0x80)), -EINVAL);
  CHECK_EQ(queue.ready(user_event(1)), 0);
  CHECK_EQ(queue.next().req_flags, 0u);
}

TEST(a_removed_kevent_is_never_heard_of_even_if_it_was_ready) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  queue.add(user_event(2, KEVENT_REQ_READY));
  CHECK_EQ(queue.remove(user_event(1)), 0);
  CHECK_EQ(queue.next().id.raw_u64, 2u);
  CHECK(queue.idle());
  // Nor does an event of its last life come in its next one.
  CHECK_EQ(queue.add(user_event(1)), 0);
  CHECK(queue.idle());
}

TEST(a_kevent_removed_while_its_event_is_uncommitted_leaves_the_event_in_the_ring) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  CHECK_EQ(queue.read_one().id.raw_u64, 1u);
  CHECK_EQ(queue.remove(user_event(1)), 0);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_READY)), 0);
  // The old life's commit is not the new one's.
  CHECK_EQ(queue.read_one().ret_data[0], 1u);
  queue.ready(user_event(1));
  CHECK_EQ(queue.commit(1), 1);
  CHECK(queue.idle());
  CHECK_EQ(queue.commit(2), 1);
  CHECK_EQ(queue.next().ret_data[0], 1u);
}

TEST(ready_makes_any_kevent_ready) {
  TestQueue queue;
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  ukevent kevents[] = {
      request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN),
      request(KEVENT_TIMER, 3600, KEVENT_TIMER_FIRED),
      request(KEVENT_SIGNAL, KEVENT_SIGNAL_NOMASK | 10, KEVENT_SIGNAL_DELIVERY),
      request(KEVENT_POSIX_TIMER, static_cast<uint64_t>(kevent_timer_create(1)), KEVENT_TIMER_FIRED),
      user_event(1),
  };
  constexpr uint32_t kCount = 5;
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, kCount, kevents), int{kCount});
  CHECK(queue.idle());
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_READY, kCount, kevents), int{kCount});
  std::vector<ukevent> events = queue.read();
  CHECK_EQ(events.size(), size_t{kCount});
  for (uint32_t i = 0; i < kCount; i++) {
    CHECK_EQ(events[i].type, kevents[i].type);
    CHECK_EQ(events[i].ret_flags, KEVENT_RET_DONE);
  }
  CHECK_EQ(queue.commit_read(), int{kCount});
  CHECK(queue.idle());
  CHECK_EQ(kevent_timer_delete(static_cast<int>(kevents[3].id.raw_u64)), 0);
  close(fd);
}

TEST(B17_modify_changes_the_request_and_fires_nothing) {
  TestQueue queue;
  ukevent timer = request(KEVENT_TIMER, 3600, KEVENT_TIMER_FIRED);
  queue.add(timer);
  queue.add(user_event(1));
  CHECK_EQ(queue.modify(timer), 0);
  CHECK_EQ(queue.modify(user_event(1, KEVENT_REQ_ONESHOT)), 0);
  CHECK(queue.idle());
  queue.ready(user_event(1));
  CHECK_EQ(queue.next().req_flags, KEVENT_REQ_ONESHOT);
  CHECK_EQ(queue.modify(user_event(1)), -ENOENT);
}

TEST(B17_a_ready_oneshot_that_is_modified_keeps_its_count_and_stays_ready) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_ONESHOT));
  queue.ready(user_event(1));
  queue.ready(user_event(1));
  ukevent changed = user_event(1);
  changed.event = 4;
  CHECK_EQ(queue.modify(changed), 0);
  ukevent event = queue.next();
  CHECK_EQ(event.ret_data[0], 2u);
  CHECK_EQ(event.event, 4u);
  CHECK_EQ(event.req_flags, 0u);
  // No longer ONESHOT, so it is still there.
  CHECK_EQ(queue.ready(user_event(1)), 0);
  CHECK_EQ(queue.next().ret_data[0], 1u);
}

TEST(modify_judges_a_descriptor_afresh) {
  TestQueue queue;
  int pipe_fds[2];
  CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
  ukevent kevent = request(KEVENT_POLL, static_cast<uint64_t>(pipe_fds[1]), KEVENT_POLL_POLLOUT, KEVENT_REQ_ALWAYS_QUEUE);
  queue.add(kevent);
  // Ready for the old mask, not for the new one.
  CHECK_EQ(kevent_wait(queue.fd(), 0, 0, &kPatience, 0), 0);
  kevent.event = KEVENT_POLL_POLLPRI;
  CHECK_EQ(queue.modify(kevent), 0);
  CHECK(queue.idle());
  kevent.event = KEVENT_POLL_POLLOUT;
  CHECK_EQ(queue.modify(kevent), 0);
  CHECK_EQ(queue.next().ret_data[0], KEVENT_POLL_POLLOUT);
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST(modify_leaves_the_callers_own_data_alone) {
  TestQueue queue;
  ukevent kevent = user_event(1);
  kevent.ptr = &queue;
  CHECK_EQ(queue.add(kevent), 0);
  CHECK_EQ(queue.modify(user_event(1)), -ENOENT);  // user is part of the key
  CHECK_EQ(queue.modify(kevent), 0);
  CHECK_EQ(queue.ready(kevent), 0);
  CHECK_EQ(queue.next().ptr, static_cast<void*>(&queue));
}

TEST(B24_a_hundred_thousand_entries_in_one_call_are_accounted_for) {
  constexpr uint32_t kCount = 100000;
  TestQueue queue(64);
  uint64_t empty = queue.stats().memory;
  std::vector<ukevent> entries;
  for (uint32_t i = 0; i < kCount; i++) entries.push_back(user_event(i * uint64_t{0x100000001}));
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, kCount, entries.data()), int{kCount});
  for (const ukevent& entry : entries) CHECK_EQ(entry.ret_flags, 0u);
  kevent_statistics stats = queue.stats();
  CHECK_EQ(stats.kevents, uint64_t{kCount});
  CHECK_EQ(stats.total, uint64_t{kCount});
  CHECK(stats.memory - empty <= 256ull * kCount);
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_REMOVE, kCount, entries.data()), int{kCount});
  CHECK_EQ(queue.stats().kevents, 0u);
  // The places are used again.
  uint64_t grown = queue.stats().memory;
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, kCount, entries.data()), int{kCount});
  CHECK_EQ(queue.stats().memory, grown);
}

TEST(ready_kevents_are_delivered_in_the_order_in_which_they_became_ready) {
  TestQueue queue(16);
  for (uint64_t id = 0; id < 16; id++) queue.add(user_event(id));
  for (uint64_t i = 0; i < 16; i++) queue.ready(user_event(i * 5 % 16));
  queue.ready(user_event(0));
  std::vector<ukevent> events = queue.read();
  CHECK_EQ(events.size(), 16u);
  for (uint64_t i = 0; i < 16; i++) CHECK_EQ(events[i].id.raw_u64, i * 5 % 16);
}

}  // namespace
