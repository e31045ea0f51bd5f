// kevent_init: which rings it takes, and what its descriptor is.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include "test_queue.h"

namespace {

bool readable(int fd) {
  pollfd entry = {fd, POLLIN, 0};
  CHECK(poll(&entry, 1, 0) >= 0);
  return entry.revents == POLLIN;
}

TEST(a_ring_and_its_size_must_fit_each_other) {
  alignas(8) char memory[8 + 40 * 4] = {};
  auto* ring = reinterpret_cast<kevent_ring*>(memory);
  CHECK_EQ(kevent_init(nullptr, 4, 0), -EINVAL);
  CHECK_EQ(kevent_init(ring, 0, 0), -EINVAL);
  CHECK_EQ(kevent_init(ring, 1, 0), -EINVAL);
  CHECK_EQ(kevent_init(ring, KEVENT_MAX_RING + 1, 0), -EINVAL);
  CHECK_EQ(kevent_init(ring, UINT32_MAX, 0), -EINVAL);
  CHECK_EQ(kevent_init(reinterpret_cast<kevent_ring*>(memory + 4), 3, 0), -EINVAL);
  for (uint32_t flags : {1u, 2u, 0x80000000u}) CHECK_EQ(kevent_init(ring, 4, flags), -EINVAL);
}

TEST(a_new_ring_is_empty_whatever_was_in_its_memory) {
  alignas(8) unsigned char memory[8 + 40 * 2 + 8];
  memset(memory, 0xaa, sizeof memory);
  auto* ring = reinterpret_cast<kevent_ring*>(memory);
  int fd = kevent_init(ring, 2, 0);
  CHECK(fd >= 0);
  CHECK_EQ(ring->ring_kidx, 0u);
  CHECK_EQ(ring->ring_over, 0u);
  for (int i = 0; i < 6; i++) {
    ukevent entry = user_event(static_cast<uint64_t>(i), KEVENT_REQ_READY);
    CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_ADD, 1, &entry), 1);
  }
  CHECK_EQ(kevent_wait(fd, 2, 0, &kAtOnce, 0), 2);
  CHECK_EQ(kevent_close(fd), 0);
  for (size_t i = 8 + 40 * 2; i < sizeof memory; i++) CHECK_EQ(memory[i], 0xaa);
}

TEST(a_queue_without_a_ring_has_only_get_events) {
  TestQueue queue(0);
  CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_READY)), 0);
  kevent_run run;
  CHECK_EQ(kevent_wait(queue.fd(), 0, 0, &kAtOnce, 0), -EINVAL);
  CHECK_EQ(kevent_commit(queue.fd(), 0, 0), -EINVAL);
  CHECK_EQ(kevent_consumer_open(queue.fd(), nullptr, nullptr), -EINVAL);
  CHECK_EQ(kevent_claim(queue.fd(), 0, 1, &kAtOnce, 0, &run), -EINVAL);
  ukevent event;
  CHECK_EQ(queue.get(&event), 1);
  CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
}

TEST(the_descriptor_is_readable_while_events_are_ready) {
  TestQueue queue;
  CHECK(!readable(queue.fd()));
  queue.add(user_event(1));
  CHECK(!readable(queue.fd()));
  queue.ready(user_event(1));
  CHECK(readable(queue.fd()));
  CHECK(readable(queue.fd()));
  CHECK(readable(kevent_loop_fd(queue.fd())));
  queue.next();
  CHECK(queue.idle());
  CHECK(!readable(queue.fd()));
}

TEST(the_descriptor_is_readable_for_what_the_kernel_still_holds) {
  TestQueue queue;
  int pipe_fds[2];
  CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
  queue.add(request(KEVENT_PIPE, static_cast<uint64_t>(pipe_fds[0]), KEVENT_SOCKET_RECV));
  CHECK(!readable(queue.fd()));
  CHECK_EQ(write(pipe_fds[1], "x", 1), 1);
  CHECK(readable(queue.fd()));
  char byte;
  CHECK_EQ(::read(pipe_fds[0], &byte, 1), 1);
  CHECK(!readable(queue.fd()));
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST(the_descriptor_can_be_watched_by_epoll) {
  TestQueue queue;
  int set = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {};
  event.events = EPOLLIN;
  CHECK_EQ(epoll_ctl(set, EPOLL_CTL_ADD, queue.fd(), &event), 0);
  CHECK_EQ(epoll_wait(set, &event, 1, 0), 0);
  queue.add(user_event(1, KEVENT_REQ_READY));
  CHECK_EQ(epoll_wait(set, &event, 1, 10000), 1);
  queue.next();
  CHECK(queue.idle());
  CHECK_EQ(epoll_wait(set, &event, 1, 0), 0);
  close(set);
}

TEST(what_was_left_on_the_ready_list_keeps_the_descriptor_readable) {
  TestQueue queue;
  for (uint64_t id = 0; id < 3; id++) queue.add(user_event(id, KEVENT_REQ_READY));
  CHECK_EQ(queue.wait(2), 2);
  CHECK(readable(queue.fd()));
}

}  // namespace
