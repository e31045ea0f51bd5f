// POLL: any descriptor that can be polled, and what becomes of a kevent when its fd is closed.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "caller.h"
#include "test_queue.h"

namespace {

constexpr uint32_t kIn = KEVENT_POLL_POLLIN;
constexpr uint32_t kOut = KEVENT_POLL_POLLOUT;

int new_eventfd(unsigned count = 0) { return eventfd(count, EFD_CLOEXEC | EFD_NONBLOCK); }

ukevent poll_event(int fd, uint32_t event = kIn, uint32_t req_flags = 0) {
  return request(KEVENT_POLL, static_cast<uint64_t>(fd), event, req_flags);
}

TEST(B31_readiness_at_ADD_says_which) {
  TestQueue queue;
  int fd = new_eventfd(1);
  ukevent entry = poll_event(fd, kIn | kOut);
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
  CHECK_EQ(entry.ret_data[0], kIn | kOut);
  // Nothing of it is left: the fd may go, come again and be added again.
  close(fd);
  CHECK(queue.idle());
  fd = new_eventfd(1);
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
  close(fd);
}

TEST(B31_ALWAYS_QUEUE_goes_on_watching) {
  TestQueue queue;
  int fd = new_eventfd(1);
  CHECK_EQ(queue.add(poll_event(fd, kIn, KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK_EQ(queue.next().ret_data[0], kIn);
  eventfd_t value;
  eventfd_read(fd, &value);
  CHECK(queue.idle());
  eventfd_write(fd, 1);
  CHECK_EQ(queue.next().ret_data[0], kIn);
  close(fd);
}

TEST(B31_errors_and_hang_ups_come_unasked) {
  TestQueue queue;
  int pipe_fds[2];
  CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
  CHECK_EQ(queue.add(poll_event(pipe_fds[0], KEVENT_POLL_POLLPRI)), 0);
  CHECK_EQ(queue.add(poll_event(pipe_fds[1], 0)), 0);
  CHECK(queue.idle());
  int reader = pipe_fds[0];
  int again = dup(pipe_fds[1]);
  close(pipe_fds[1]);
  close(again);
  CHECK_EQ(queue.next().ret_data[0], KEVENT_POLL_POLLHUP);
  CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
  CHECK_EQ(queue.remove(poll_event(reader, 0)), 0);
  CHECK_EQ(queue.add(poll_event(pipe_fds[1], 0)), 0);
  close(pipe_fds[0]);
  CHECK_EQ(queue.next().ret_data[0], KEVENT_POLL_POLLERR);
  close(pipe_fds[1]);
  close(reader);
}

TEST(what_cannot_be_polled_is_refused) {
  TestQueue queue;
  char path[] = "/tmp/kevent-file-XXXXXX";
  int file = mkostemp(path, O_CLOEXEC);
  CHECK_EQ(queue.add(poll_event(file)), -EPERM);
  close(file);
  unlink(path);
  int directory = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK_EQ(queue.add(poll_event(directory)), -EPERM);
  close(directory);
  CHECK_EQ(queue.add(poll_event(directory)), -EBADF);
  CHECK_EQ(queue.add(request(KEVENT_POLL, UINT32_MAX, kIn)), -EBADF);
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(timers_processes_and_urgent_data_can_be_polled) {
  TestQueue queue;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  CHECK_EQ(queue.add(poll_event(timer, kIn, KEVENT_REQ_ONESHOT)), 0);
  itimerspec setting = {};
  setting.it_value.tv_nsec = 1;
  timerfd_settime(timer, 0, &setting, nullptr);
  CHECK_EQ(queue.next().ret_data[0], kIn);
  close(timer);

  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  int process = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  CHECK_EQ(queue.add(poll_event(process, kIn, KEVENT_REQ_ONESHOT)), 0);
  CHECK(queue.idle());
  kill(child, SIGKILL);
  CHECK_EQ(queue.next().id.raw[0], static_cast<uint32_t>(process));
  waitpid(child, nullptr, 0);
  close(process);
}

TEST(a_queue_can_be_put_into_a_queue) {
  TestQueue inner, outer;
  CHECK_EQ(outer.add(poll_event(inner.fd())), 0);
  CHECK(outer.idle());
  Caller caller([&] { return outer.wait(1, &kPatience); });
  caller.until_asleep();
  inner.add(user_event(1, KEVENT_REQ_READY));
  CHECK_EQ(caller.result(), 1);
  CHECK_EQ(outer.slot(0).ret_data[0], kIn);
  CHECK_EQ(outer.commit(1), 1);
  inner.next();
  CHECK(inner.idle());
  CHECK(outer.idle());
}

TEST(a_circle_of_queues_is_refused) {
  TestQueue one, two;
  CHECK_EQ(one.add(poll_event(one.fd())), -ELOOP);
  CHECK_EQ(one.add(poll_event(two.fd())), 0);
  CHECK_EQ(two.add(poll_event(one.fd())), -ELOOP);
}

TEST(B28_a_recycled_fd_number_is_another_file) {
  TestQueue queue;
  int fd = new_eventfd();
  CHECK_EQ(queue.add(poll_event(fd)), 0);
  CHECK_EQ(queue.add(poll_event(fd)), -EEXIST);
  close(fd);
  CHECK_EQ(new_eventfd(), fd);
  CHECK_EQ(queue.add(poll_event(fd)), 0);
  eventfd_write(fd, 1);
  CHECK_EQ(queue.next().ret_data[0], kIn);
  CHECK_EQ(queue.stats().kevents, 1u);
  close(fd);
}

TEST(B28_a_kevent_of_another_key_whose_fd_was_recycled_is_told_that_it_broke) {
  TestQueue queue;
  int fd = new_eventfd();
  CHECK_EQ(queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), kIn, 0, 1)), 0);
  close(fd);
  CHECK_EQ(new_eventfd(), fd);
  CHECK_EQ(queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), kIn, 0, 2)), 0);
  ukevent event = queue.next();
  CHECK_EQ(event.user[0], 1u);
  CHECK_EQ(event.ret_flags, KEVENT_RET_BROKEN | KEVENT_RET_DONE);
  CHECK_EQ(static_cast<int>(event.ret_data[1]), -EBADF);
  // That was its last: no zombie.
  CHECK_EQ(queue.stats().kevents, 1u);
  eventfd_write(fd, 1);
  CHECK_EQ(queue.next().user[0], 2u);
  close(fd);
}

TEST(B28_an_fd_is_not_held_open) {
  TestQueue queue;
  int pipe_fds[2];
  CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
  queue.add(poll_event(pipe_fds[1], KEVENT_POLL_POLLERR));
  close(pipe_fds[1]);
  char byte;
  CHECK_EQ(read(pipe_fds[0], &byte, 1), 0);  // end of file: the writer is gone
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(poll_event(pipe_fds[1])), -EBADF);
  close(pipe_fds[0]);
}

// Nobody can take a closed number out of an epoll set while a dup keeps its file open.
TEST(removing_a_kevent_whose_fd_was_closed_stops_its_dup_from_reporting) {
  TestQueue queue;
  int fd = new_eventfd();
  int copy = dup(fd);
  CHECK_EQ(queue.add(poll_event(fd)), 0);
  queue.add(user_event(1));
  close(fd);
  eventfd_write(copy, 1);
  CHECK_EQ(queue.next().type, KEVENT_POLL);  // the file is open, so it goes on
  CHECK_EQ(queue.remove(poll_event(fd)), 0);
  CHECK(queue.idle());
  CHECK(queue.idle());  // the first one found the orphan, and left a note of it
  pollfd entry = {queue.fd(), POLLIN, 0};
  CHECK_EQ(poll(&entry, 1, 0), 0);
  // Asleep, not spinning.
  Caller caller([&] { return queue.wait(1, &kPatience); });
  caller.until_asleep();
  uint64_t collects = queue.stats().collects;
  eventfd_write(copy, 1);
  caller.until_asleep();
  CHECK(queue.stats().collects - collects < 5);
  queue.ready(user_event(1));
  CHECK_EQ(caller.result(), 1);
  close(copy);
}

TEST(a_leader_asleep_sees_what_comes_after_its_set_was_replaced) {
  TestQueue queue;
  int gone = new_eventfd(), stays = new_eventfd();
  int copy = dup(gone);
  CHECK_EQ(queue.add(poll_event(gone)), 0);
  CHECK_EQ(queue.add(poll_event(stays)), 0);
  Caller caller([&] { return queue.wait(1, &kPatience); });
  caller.until_asleep();
  close(gone);
  CHECK_EQ(queue.remove(poll_event(gone)), 0);
  eventfd_write(copy, 1);
  caller.until_asleep();
  eventfd_write(stays, 1);
  CHECK_EQ(caller.result(), 1);
  CHECK_EQ(queue.slot(0).id.raw[0], static_cast<uint32_t>(stays));
  close(copy);
  close(stays);
}

TEST(a_leader_asleep_sees_what_comes_after_another_thread_replaced_its_set) {
  for (int round = 0; round < 100; round++) {
    TestQueue queue;
    int gone = new_eventfd(), stays = new_eventfd();
    int copy = dup(gone);
    CHECK_EQ(queue.add(poll_event(gone, kIn, KEVENT_REQ_ET)), 0);
    CHECK_EQ(queue.add(poll_event(stays)), 0);
    Caller caller([&] { return queue.wait(1, &kPatience); });
    caller.until_asleep();
    close(gone);
    CHECK_EQ(queue.remove(poll_event(gone)), 0);
    // The edge is taken by this thread: the leader, if it is not quick, finds nothing in the old set.
    eventfd_write(copy, 1);
    ukevent event;
    CHECK_EQ(queue.get(&event), 0);
    eventfd_write(stays, 1);
    CHECK_EQ(caller.result(), 1);
    close(copy);
    close(stays);
  }
}

TEST(an_epoll_set_outside_sees_what_comes_after_the_set_inside_was_replaced) {
  TestQueue queue;
  int gone = new_eventfd(), stays = new_eventfd();
  int copy = dup(gone);
  queue.add(poll_event(gone));
  queue.add(poll_event(stays));
  int set = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {};
  event.events = EPOLLIN;
  CHECK_EQ(epoll_ctl(set, EPOLL_CTL_ADD, queue.fd(), &event), 0);
  close(gone);
  CHECK_EQ(queue.remove(poll_event(gone)), 0);
  eventfd_write(copy, 1);
  CHECK(queue.idle());
  CHECK(queue.idle());  // the first one found the orphan, and left a note of it
  CHECK_EQ(epoll_wait(set, &event, 1, 0), 0);
  eventfd_write(stays, 1);
  CHECK_EQ(epoll_wait(set, &event, 1, 10000), 1);
  CHECK_EQ(queue.next().id.raw[0], static_cast<uint32_t>(stays));
  close(set);
  close(copy);
  close(stays);
}

TEST(an_event_of_a_removed_kevent_is_not_taken_for_one_of_its_successor) {
  TestQueue queue;
  int fds[2] = {new_eventfd(), new_eventfd()};
  queue.add(poll_event(fds[0]));
  int copy = dup(fds[0]);
  close(fds[0]);
  eventfd_write(copy, 1);
  CHECK_EQ(queue.remove(poll_event(fds[0])), 0);
  CHECK_EQ(queue.add(poll_event(fds[1])), 0);  // in the place that became free
  CHECK(queue.idle());
  close(copy);
  close(fds[1]);
}

}  // namespace
