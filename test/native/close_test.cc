// kevent_close, close(2), and everything that comes too late.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <deque>

#include "caller.h"
#include "test_queue.h"

namespace {

struct Ring {
  alignas(8) unsigned char memory[8 + 40 * 4] = {};
  kevent_ring* get() { return reinterpret_cast<kevent_ring*>(memory); }
};

// Every call there is, on a descriptor that is not a queue.
void check_all_calls(int fd, int error) {
  ukevent entry = user_event(1);
  kevent_statistics stats;
  kevent_run run;
  CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_ADD, 1, &entry), error);
  CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_READY, 0, nullptr), error);
  CHECK_EQ(kevent_get_events(fd, 0, 1, &kAtOnce, &entry, 0), error);
  CHECK_EQ(kevent_wait(fd, 1, 0, nullptr, 0), error);
  CHECK_EQ(kevent_commit(fd, 0, 0), error);
  CHECK_EQ(kevent_consumer_open(fd, nullptr, nullptr), error);
  CHECK_EQ(kevent_consumer_close(fd, 0), error);
  CHECK_EQ(kevent_claim(fd, 0, 1, nullptr, 0, &run), error);
  CHECK_EQ(kevent_finish(fd, 0, 0, 1), error);
  CHECK_EQ(kevent_observer_open(fd, [](void*) {}, nullptr), error);
  CHECK_EQ(kevent_observer_close(fd, 0), error);
  CHECK_EQ(kevent_payload(fd, 1, nullptr, 0), error);
  CHECK_EQ(kevent_inode_watch(fd, "/tmp", KEVENT_INODE_CREATE), error);
  CHECK_EQ(kevent_inode_unwatch(fd, 1), error);
  CHECK_EQ(kevent_stats(fd, &stats), error);
  CHECK_EQ(kevent_loop_fd(fd), error);
  CHECK_EQ(kevent_close(fd), error);
}

TEST(calls_after_the_close_are_answered_with_EBADF) {
  TestQueue queue;
  queue.add(user_event(1, KEVENT_REQ_READY));
  int fd = queue.fd();
  queue.close();
  check_all_calls(fd, -EBADF);
  for (int bad : {-1, INT32_MIN, INT32_MAX}) check_all_calls(bad, -EBADF);
}

TEST(calls_on_what_is_no_queue_are_answered_with_EINVAL) {
  int fd = eventfd(0, EFD_CLOEXEC);
  check_all_calls(fd, -EINVAL);
  close(fd);
}

TEST(closing_twice_closes_nobody_elses_descriptor) {
  TestQueue queue;
  int fd = queue.fd();
  queue.close();
  int other = eventfd(0, EFD_CLOEXEC);
  CHECK(other <= fd);
  CHECK_EQ(kevent_close(fd), other == fd ? -EINVAL : -EBADF);
  CHECK(fcntl(other, F_GETFD) >= 0);
  close(other);
}

TEST(waiters_of_every_sort_return_when_the_queue_is_closed) {
  TestQueue queue(2);
  int consumer = kevent_consumer_open(queue.fd(), nullptr, nullptr);
  int fd = queue.fd();
  kevent_timespec far = to_timespec(now_ns(CLOCK_REALTIME) + 3600000000000);
  ukevent event;
  kevent_run run;
  std::deque<Caller> callers;
  callers.emplace_back([&] { return kevent_wait(fd, 1, 0, nullptr, 0); });
  callers.emplace_back([&] { return kevent_wait(fd, 1, 0, &kPatience, 0); });
  callers.emplace_back([&] { return kevent_wait(fd, 1, 0, &far, KEVENT_FLAGS_ABSTIME); });
  callers.emplace_back([&] { return kevent_get_events(fd, 1, 1, nullptr, &event, 0); });
  callers.emplace_back([&] { return kevent_claim(fd, consumer, 1, nullptr, 0, &run); });
  for (const Caller& caller : callers) caller.until_asleep();
  queue.close();
  for (Caller& caller : callers) CHECK_EQ(caller.result(), -EBADF);
}

TEST(waiters_for_room_return_when_the_queue_is_closed) {
  TestQueue queue(2);
  for (uint64_t id = 0; id < 3; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2), 2);
  std::deque<Caller> callers;
  for (int i = 0; i < 3; i++) callers.emplace_back([&] { return kevent_wait(queue.fd(), 1, 0, nullptr, 0); });
  for (const Caller& caller : callers) caller.until_asleep();
  int fd = queue.fd();
  CHECK_EQ(kevent_close(fd), 0);
  for (Caller& caller : callers) CHECK_EQ(caller.result(), -EBADF);
  // The fixture would close it again.
  CHECK_EQ(kevent_close(fd), -EBADF);
  queue.forget();
}

TEST(the_ring_is_not_written_to_after_the_close) {
  auto ring = std::make_unique<Ring>();
  int fd = kevent_init(ring->get(), 4, 0);
  ukevent entry = user_event(1, KEVENT_REQ_READY);
  CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_ADD, 1, &entry), 1);
  Caller caller([fd] {
    while (kevent_wait(fd, 1, 0, &kPatience, 0) >= 0) continue;
    return 0;
  });
  Caller sender([fd] {
    ukevent ready = user_event(1);
    while (kevent_ctl(fd, KEVENT_CTL_READY, 1, &ready) == 1) continue;
    return 0;
  });
  usleep(1000);
  CHECK_EQ(kevent_close(fd), 0);
  ring.reset();  // the sanitizers watch it
  caller.result();
  sender.result();
}

TEST(B18_a_queue_may_be_closed_while_others_are_in_its_calls) {
  for (int round = 0; round < 60; round++) {
    auto ring = std::make_unique<Ring>();
    int fd = kevent_init(ring->get(), 4, 0);
    CHECK(fd >= 0);
    std::deque<Caller> callers;
    for (uint64_t first = 0; first < 2; first++) {
      callers.emplace_back([fd, first] {
        ukevent buffer[4];
        for (uint64_t id = first;; id += 2) {
          ukevent entry = user_event(id % 16, id % 3 ? KEVENT_REQ_READY : KEVENT_REQ_READY | KEVENT_REQ_ONESHOT);
          if (kevent_ctl(fd, KEVENT_CTL_ADD, 1, &entry) < 0) return 0;
          if (kevent_get_events(fd, 0, 4, &kAtOnce, buffer, 0) < 0) return 0;
          if (kevent_ctl(fd, KEVENT_CTL_REMOVE, 1, &entry) < 0) return 0;
          kevent_statistics stats;
          if (kevent_stats(fd, &stats) < 0) return 0;
          kevent_commit(fd, static_cast<uint32_t>(stats.head % 4), static_cast<uint32_t>(stats.head / 4));
        }
      });
    }
    usleep(static_cast<useconds_t>(round * 20));
    CHECK_EQ(kevent_close(fd), 0);
    ring.reset();
  }
}

TEST(a_queue_fd_closed_by_close_2_ends_when_its_number_comes_again) {
  TestQueue queue;
  int fd = queue.fd();
  queue.add(user_event(1, KEVENT_REQ_READY));
  CHECK_EQ(::close(fd), 0);
  // The number is free for a queue again, and the old one has no part in it.
  TestQueue next;
  CHECK_EQ(next.fd(), fd);
  CHECK_EQ(next.stats().kevents, 0u);
  CHECK(next.idle());
  CHECK_EQ(next.add(user_event(1)), 0);
  CHECK_EQ(next.ready(user_event(1)), 0);
  CHECK_EQ(next.next().id.raw_u64, 1u);
  queue.forget();
}

TEST(a_queue_fd_closed_by_close_2_can_still_be_closed_properly) {
  TestQueue queue;
  int fd = queue.fd();
  CHECK_EQ(::close(fd), 0);
  int result = kevent_close(fd);
  CHECK(result == 0 || result == -EBADF);
  queue.forget();
  CHECK_EQ(kevent_close(fd), -EBADF);
}

TEST(a_recycled_number_of_a_queue_is_not_closed_with_it) {
  TestQueue queue;
  int fd = queue.fd();
  CHECK_EQ(::close(fd), 0);
  int other = eventfd(0, EFD_CLOEXEC);
  CHECK_EQ(other, fd);
  kevent_close(fd);
  CHECK(fcntl(other, F_GETFD) >= 0);
  close(other);
  queue.forget();
}

TEST(closing_a_queue_lets_go_of_everything_it_had_opened) {
  // main() counts what is left open.
  for (int round = 0; round < 10; round++) {
    TestQueue queue;
    int fd = eventfd(0, EFD_CLOEXEC);
    int handle = kevent_timer_create(CLOCK_MONOTONIC);
    queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN));
    queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, 0, 1));
    queue.add(request(KEVENT_TIMER, 5, KEVENT_TIMER_FIRED));
    queue.add(request(KEVENT_POSIX_TIMER, static_cast<uint64_t>(handle), KEVENT_TIMER_FIRED));
    queue.add(request(KEVENT_SIGNAL, KEVENT_SIGNAL_NOMASK | 10, KEVENT_SIGNAL_DELIVERY));
    int wd = kevent_inode_watch(queue.fd(), "/tmp", KEVENT_INODE_CREATE);
    queue.add(request(KEVENT_INODE, static_cast<uint64_t>(wd), KEVENT_INODE_CREATE));
    CHECK_EQ(queue.stats().kevents, 6u);
    queue.close();
    CHECK_EQ(kevent_timer_delete(handle), 0);
    close(fd);
  }
}

// However few descriptors there are: an error or success, and nothing is left open by an error.
TEST(running_out_of_descriptors_is_told) {
  rlimit old;
  getrlimit(RLIMIT_NOFILE, &old);
  {
    // The process-wide descriptor for signals stays: have it first.
    TestQueue queue;
    CHECK_EQ(queue.add(request(KEVENT_SIGNAL, KEVENT_SIGNAL_NOMASK | 10, KEVENT_SIGNAL_DELIVERY)), 0);
  }
  int lowest = eventfd(0, EFD_CLOEXEC);
  close(lowest);
  bool refused = false, made = false;
  for (int spare = 0; spare < 12; spare++) {
    rlimit few = {static_cast<rlim_t>(lowest + spare), old.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    Ring ring;
    int fd = kevent_init(ring.get(), 4, 0);
    CHECK(fd >= 0 || fd == -EMFILE);
    (fd < 0 ? refused : made) = true;
    if (fd >= 0) {
      ukevent timer = request(KEVENT_TIMER, 5, KEVENT_TIMER_FIRED);
      ukevent signal = request(KEVENT_SIGNAL, KEVENT_SIGNAL_NOMASK | 10, KEVENT_SIGNAL_DELIVERY);
      for (ukevent* entry : {&timer, &signal}) {
        if (kevent_ctl(fd, KEVENT_CTL_ADD, 1, entry) == 1) continue;
        CHECK_EQ(static_cast<int>(entry->ret_data[1]), -EMFILE);
        CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_REMOVE, 1, entry), 0);
      }
      int wd = kevent_inode_watch(fd, "/tmp", KEVENT_INODE_CREATE);
      CHECK(wd >= 0 || wd == -EMFILE);
      int handle = kevent_timer_create(CLOCK_MONOTONIC);
      CHECK(handle > 0 || handle == -EMFILE);
      if (handle > 0) kevent_timer_delete(handle);
      kevent_timespec soon = {0, 1000000};
      int waited = kevent_wait(fd, 1, 0, &soon, KEVENT_FLAGS_BOOTTIME);
      CHECK(waited == 0 || waited == -EMFILE);
      CHECK_EQ(kevent_wait(fd, 1, 0, &soon, 0), 0);
      CHECK_EQ(kevent_close(fd), 0);
    }
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    int now = eventfd(0, EFD_CLOEXEC);
    close(now);
    CHECK_EQ(now, lowest);
  }
  CHECK(refused && made);
}

}  // namespace
