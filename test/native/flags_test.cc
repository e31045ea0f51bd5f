// The request flags, on every kind of origin that they mean something to.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "test_queue.h"

namespace {

// Something that can happen: what to register, how to make it happen, how to make it stop being so.
class Origin {
 public:
  enum Kind { kEventfd, kPipe, kSocket };
  explicit Origin(Kind kind) : kind_(kind) {
    if (kind == kEventfd) fds_[0] = fds_[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (kind == kPipe) CHECK_EQ(pipe2(fds_, O_CLOEXEC | O_NONBLOCK), 0);
    if (kind == kSocket) CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds_), 0);
  }
  ~Origin() {
    close(fds_[0]);
    if (fds_[1] != fds_[0]) close(fds_[1]);
  }
  ukevent kevent(uint32_t req_flags) const {
    const uint32_t types[] = {KEVENT_POLL, KEVENT_PIPE, KEVENT_SOCKET};
    return request(types[kind_], static_cast<uint64_t>(fds_[0]), 1, req_flags);  // 1: POLLIN, RECV
  }
  void happen() const {
    uint64_t one = 1;
    CHECK_EQ(write(fds_[1], &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  void drain() const {
    char bytes[256];
    while (read(fds_[0], bytes, sizeof bytes) > 0) continue;
  }

 private:
  Kind kind_;
  int fds_[2] = {-1, -1};
};

constexpr Origin::Kind kKinds[] = {Origin::kEventfd, Origin::kPipe, Origin::kSocket};

TEST(B14_level_reports_as_long_as_it_holds_and_no_longer) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    CHECK_EQ(queue.add(origin.kevent(0)), 0);
    CHECK(queue.idle());
    origin.happen();
    for (int i = 0; i < 3; i++) CHECK_EQ(queue.next().ret_data[0], 1u);
    origin.drain();
    CHECK(queue.idle());
    origin.happen();
    CHECK_EQ(queue.next().ret_data[0], 1u);
    CHECK_EQ(queue.remove(origin.kevent(0)), 0);
    CHECK(queue.idle());
  }
}

TEST(B14_level_has_at_most_one_uncommitted_event) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    queue.add(origin.kevent(0));
    origin.happen();
    queue.read_one();
    for (int i = 0; i < 3; i++) {
      CHECK(queue.idle());
      origin.happen();
    }
    CHECK_EQ(queue.commit_read(), 1);
    // Still so: again. No longer so when it is committed: not again.
    queue.read_one();
    CHECK(queue.idle());
    origin.drain();
    CHECK_EQ(queue.commit_read(), 1);
    CHECK(queue.idle());
    origin.happen();
    queue.next();
  }
}

TEST(level_is_asked_again_only_after_its_own_commit) {
  TestQueue queue;
  Origin first(Origin::kEventfd), second(Origin::kPipe);
  queue.add(first.kevent(0));
  first.happen();
  queue.read_one();
  queue.add(second.kevent(0));
  second.happen();
  queue.read_one();
  CHECK_EQ(queue.commit(1), 1);
  CHECK_EQ(queue.read_one().type, KEVENT_POLL);
  CHECK(queue.idle());
}

TEST(counting_kevents_at_level_come_as_one_event_after_the_commit) {
  TestQueue queue;
  queue.add(user_event(1));
  queue.ready(user_event(1));
  queue.ready(user_event(1));
  CHECK_EQ(queue.read_one().ret_data[0], 2u);
  for (int i = 0; i < 3; i++) queue.ready(user_event(1));
  CHECK(queue.idle());
  CHECK_EQ(queue.commit_read(), 1);
  CHECK_EQ(queue.read_one().ret_data[0], 3u);
  CHECK_EQ(queue.commit_read(), 1);
  CHECK(queue.idle());
}

TEST(counting_kevents_with_ET_come_again_at_once_and_coalesce_until_delivered) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_ET));
  for (uint32_t count = 1; count <= 3; count++) {
    for (uint32_t i = 0; i < count; i++) queue.ready(user_event(1));
    CHECK_EQ(queue.read_one().ret_data[0], count);
    CHECK(queue.idle());
  }
  CHECK_EQ(queue.commit_read(), 3);
  CHECK(queue.idle());
}

TEST(ET_is_one_event_for_each_new_readiness) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    queue.add(origin.kevent(KEVENT_REQ_ET));
    for (int i = 0; i < 3; i++) {
      origin.happen();
      CHECK_EQ(queue.read_one().ret_data[0], 1u);
      CHECK(queue.idle());  // neither drained nor committed
    }
    CHECK_EQ(queue.commit_read(), 3);
    CHECK(queue.idle());
    origin.happen();
    origin.happen();
    queue.next();
    CHECK(queue.idle());
  }
}

TEST(ONESHOT_is_gone_when_it_is_delivered) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    queue.add(origin.kevent(KEVENT_REQ_ONESHOT));
    CHECK(queue.idle());
    origin.happen();
    queue.read_one();
    CHECK_EQ(queue.stats().kevents, 0u);
    CHECK_EQ(queue.remove(origin.kevent(0)), -ENOENT);
    origin.happen();
    CHECK(queue.idle());
    // Its key is free at once, committed or not.
    CHECK_EQ(queue.add(origin.kevent(KEVENT_REQ_ONESHOT | KEVENT_REQ_ALWAYS_QUEUE)), 0);
    queue.read_one();
    CHECK_EQ(queue.commit_read(), 2);
  }
}

TEST(B13_LAST_CHECK_looks_again_at_every_delivery) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    queue.add(origin.kevent(KEVENT_REQ_LAST_CHECK));
    for (int i = 0; i < 3; i++) {
      // Collected, then no longer so: nobody hears of it.
      origin.happen();
      CHECK_EQ(kevent_wait(queue.fd(), 0, queue.ring()->ring_kidx, &kPatience, 0), 0);
      origin.drain();
      CHECK(queue.idle());
      // Forced, but not so.
      CHECK_EQ(queue.ready(origin.kevent(0)), 0);
      CHECK(queue.idle());
      // So: delivered, and the flag is still there.
      origin.happen();
      CHECK_EQ(queue.next().req_flags, KEVENT_REQ_LAST_CHECK);
      origin.drain();
      CHECK_EQ(queue.modify(origin.kevent(KEVENT_REQ_LAST_CHECK)), 0);
    }
  }
}

TEST(B13_LAST_CHECK_with_ONESHOT_waits_for_the_real_event) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    queue.add(origin.kevent(KEVENT_REQ_LAST_CHECK | KEVENT_REQ_ONESHOT));
    for (int i = 0; i < 2; i++) {
      origin.happen();
      CHECK_EQ(kevent_wait(queue.fd(), 0, 0, &kPatience, 0), 0);
      origin.drain();
      CHECK(queue.idle());
      CHECK_EQ(queue.stats().kevents, 1u);
    }
    origin.happen();
    queue.next();
    CHECK_EQ(queue.stats().kevents, 0u);
  }
}

TEST(kevents_whose_events_are_uncommitted_do_not_hide_one_that_is_ready) {
  constexpr int kHeld = 20;
  TestQueue queue(32);
  std::vector<std::unique_ptr<Origin>> held;
  for (int i = 0; i < kHeld; i++) {
    held.push_back(std::make_unique<Origin>(Origin::kEventfd));
    held.back()->happen();
    CHECK_EQ(queue.add(held.back()->kevent(KEVENT_REQ_ALWAYS_QUEUE)), 0);
  }
  CHECK_EQ(queue.wait(kHeld), kHeld);
  // The kernel reports them again, and first; they are not to be delivered before their commit.
  Origin ready(Origin::kEventfd);
  ready.happen();
  CHECK_EQ(queue.add(ready.kevent(KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK_EQ(queue.wait(1, &kAtOnce, KEVENT_FLAGS_NONBLOCK), 1);
}

TEST(a_stale_LAST_CHECK_kevent_does_not_hide_another_that_is_ready) {
  TestQueue queue;
  Origin empty(Origin::kPipe), full(Origin::kEventfd);
  full.happen();
  CHECK_EQ(queue.add(full.kevent(KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK_EQ(queue.add(empty.kevent(KEVENT_REQ_READY | KEVENT_REQ_LAST_CHECK)), 0);
  CHECK_EQ(queue.wait(1, &kAtOnce), 1);
  CHECK_EQ(queue.slot(0).type, KEVENT_POLL);
  TestQueue other;
  Origin full_too(Origin::kEventfd);  // not the same one: the first queue holds that
  full_too.happen();
  CHECK_EQ(other.add(full_too.kevent(KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK_EQ(other.add(empty.kevent(KEVENT_REQ_READY | KEVENT_REQ_LAST_CHECK)), 0);
  ukevent event;
  CHECK_EQ(other.get(&event), 1);
  CHECK_EQ(event.type, KEVENT_POLL);
}

TEST(what_is_ready_at_ADD_is_handed_back_and_not_registered) {
  for (Origin::Kind kind : kKinds) {
    for (uint32_t flags : {uint32_t{0}, uint32_t{KEVENT_REQ_ET}, uint32_t{KEVENT_REQ_ONESHOT}}) {
      TestQueue queue;
      Origin origin(kind);
      origin.happen();
      ukevent entry = origin.kevent(flags);
      CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
      CHECK_EQ(entry.ret_flags, KEVENT_RET_DONE);
      CHECK_EQ(entry.ret_data[0], 1u);
      CHECK_EQ(queue.stats().kevents, 0u);
      CHECK_EQ(queue.stats().immediate, 1u);
      CHECK_EQ(queue.remove(entry), -ENOENT);
      CHECK(queue.idle());
    }
  }
}

TEST(ALWAYS_QUEUE_registers_and_queues_what_is_ready_at_ADD) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    origin.happen();
    CHECK_EQ(queue.add(origin.kevent(KEVENT_REQ_ALWAYS_QUEUE)), 0);
    CHECK_EQ(queue.stats().kevents, 1u);
    CHECK_EQ(queue.next().ret_data[0], 1u);
    CHECK_EQ(queue.next().ret_data[0], 1u);  // level, and still so
    origin.drain();
    CHECK(queue.idle());
  }
}

TEST(READY_makes_a_kevent_ready_as_it_is_added) {
  TestQueue queue;
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_READY)), 0);
  CHECK_EQ(queue.next().ret_data[0], 1u);
  CHECK(queue.idle());
  for (Origin::Kind kind : kKinds) {
    Origin origin(kind);
    CHECK_EQ(queue.add(origin.kevent(KEVENT_REQ_READY)), 0);
    ukevent event = queue.next();
    CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
    CHECK_EQ(event.ret_data[0], 0u);
    CHECK(queue.idle());
    CHECK_EQ(queue.remove(origin.kevent(0)), 0);
  }
}

TEST(MUTED_holds_back_what_a_descriptor_says_until_MODIFY_asks_afresh) {
  for (Origin::Kind kind : kKinds) {
    TestQueue queue;
    Origin origin(kind);
    queue.add(origin.kevent(0));
    CHECK_EQ(queue.modify(origin.kevent(KEVENT_REQ_MUTED)), 0);
    origin.happen();
    CHECK(queue.idle());
    CHECK_EQ(queue.modify(origin.kevent(0)), 0);
    CHECK_EQ(queue.next().ret_data[0], 1u);
    CHECK_EQ(queue.modify(origin.kevent(KEVENT_REQ_MUTED)), 0);
    origin.drain();
    CHECK_EQ(queue.modify(origin.kevent(0)), 0);
    CHECK(queue.idle());
  }
}

TEST(MUTED_lets_counts_go_on) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_MUTED));
  queue.ready(user_event(1));
  queue.ready(user_event(1));
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(user_event(1)), 0);
  queue.ready(user_event(1));
  CHECK_EQ(queue.next().ret_data[0], 3u);
  // Muted while it is on the ready list.
  queue.ready(user_event(1));
  CHECK_EQ(queue.modify(user_event(1, KEVENT_REQ_MUTED)), 0);
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(user_event(1)), 0);
  CHECK_EQ(queue.next().ret_data[0], 1u);
}

TEST(an_edge_that_is_committed_after_MODIFY_to_level_does_not_release_the_level_event) {
  TestQueue queue;
  Origin origin(Origin::kPipe);
  queue.add(origin.kevent(KEVENT_REQ_ET | KEVENT_REQ_READY));
  queue.read_one();
  CHECK_EQ(queue.modify(origin.kevent(0)), 0);
  origin.happen();
  queue.read_one();
  CHECK_EQ(queue.commit(1), 1);
  CHECK(queue.idle());
  CHECK_EQ(queue.commit(2), 1);
  queue.read_one();
}

TEST(a_kevent_that_is_no_longer_level_does_not_wait_for_an_old_commit) {
  for (uint32_t flags : {uint32_t{KEVENT_REQ_ONESHOT}, uint32_t{KEVENT_REQ_ET}}) {
    TestQueue queue;
    Origin origin(Origin::kSocket);
    queue.add(origin.kevent(0));
    origin.happen();
    queue.read_one();
    CHECK(queue.idle());
    CHECK_EQ(queue.modify(origin.kevent(flags)), 0);
    queue.read_one();
  }
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  queue.read_one();
  queue.ready(user_event(1));
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(user_event(1, KEVENT_REQ_ET)), 0);
  CHECK_EQ(queue.read_one().ret_data[0], 1u);
}

TEST(event_fields_come_back_as_they_were_given) {
  TestQueue queue;
  ukevent entry = user_event(0xfedcba9876543210, KEVENT_REQ_ET | KEVENT_REQ_WAKEUP_ALL);
  entry.event = 0x12345678;
  entry.user[0] = 0xdeadbeef;
  entry.user[1] = 0xcafef00d;
  queue.add(entry);
  queue.ready(entry);
  ukevent event = queue.next();
  CHECK_EQ(event.id.raw_u64, entry.id.raw_u64);
  CHECK_EQ(event.event, entry.event);
  CHECK_EQ(event.req_flags, entry.req_flags);
  CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
  CHECK_EQ(event.user[0], entry.user[0]);
  CHECK_EQ(event.user[1], entry.user[1]);
}

}  // namespace
