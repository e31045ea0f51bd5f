// The defects of the original that concern the kinds of events: B15 and B27 to B35.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "fd.h"
#include "queue.h"

using kevent::Fd;

namespace {

constexpr int kDone = KEVENT_RET_DONE;
constexpr uint32_t kQueue = KEVENT_REQ_ALWAYS_QUEUE;

struct Pair {
  Fd one, other;
  Pair() {
    int fds[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    one = Fd(fds[0]);
    other = Fd(fds[1]);
  }
};
struct Pipe {
  Fd in, out;
  Pipe() {
    int fds[2];
    CHECK_EQ(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    in = Fd(fds[0]);
    out = Fd(fds[1]);
  }
};
ukevent on(uint32_t type, const Fd& fd, uint32_t event, uint32_t flags = kQueue, uint32_t user = 0) {
  return event_of(type, static_cast<uint32_t>(fd.get()), event, flags, user);
}
void fill_up(const Fd& fd) {
  char bytes[4096] = {};
  while (write(fd.get(), bytes, sizeof bytes) > 0) {
  }
}

}  // namespace

TEST(B15_a_periodic_posix_timer_goes_on_and_counts_what_was_missed) {
  TestQueue q(4);
  int timer = kevent_timer_create(CLOCK_MONOTONIC);
  CHECK(timer > 0);
  CHECK_EQ(q.add(event_of(KEVENT_POSIX_TIMER, static_cast<uint32_t>(timer), 1)), 0);
  kevent_timespec period = {0, 1000000};
  CHECK_EQ(kevent_timer_settime(timer, 0, &period, &period), 0);
  for (uint64_t round = 0; round < 3; round++) {
    CHECK_EQ(q.wait(4, &kLong), 1);
    CHECK(q.slot(round).ret_data[0] >= 1);
    timespec four = {0, 4000000};
    nanosleep(&four, nullptr);  // at least three more periods
    CHECK_EQ(q.commit_all(), 1);
  }
  CHECK_EQ(q.wait(4, &kLong), 1);
  CHECK(q.slot(3).ret_data[0] >= 3);
  CHECK_EQ(kevent_timer_delete(timer), 0);
}

TEST(B27_type_and_user_are_part_of_the_key_and_equal_intervals_live_together) {
  TestQueue q(8);
  Pair pair;
  uint32_t fd = static_cast<uint32_t>(pair.one.get());
  CHECK_EQ(q.add(event_of(KEVENT_SOCKET, fd, KEVENT_SOCKET_RECV, kQueue)), 0);
  CHECK_EQ(q.add(event_of(KEVENT_POLL, fd, KEVENT_POLL_POLLIN, kQueue)), 0);
  CHECK_EQ(q.add(event_of(KEVENT_UNOTIFY, fd, 1)), 0);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, fd, 1)), 0);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, fd, 1, 0, 1)), 0);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, fd, 1, 0, 1)), -EEXIST);
}

TEST(B28_a_descriptor_that_was_closed_and_given_out_again_is_a_new_one) {
  TestQueue q(8);
  Fd first(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  int number = first.get();
  ukevent key = on(KEVENT_POLL, first, KEVENT_POLL_POLLIN);
  CHECK_EQ(q.add(key), 0);
  CHECK_EQ(q.add(key), -EEXIST);
  first.reset();
  Fd second(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  CHECK_EQ(second.get(), number);
  CHECK_EQ(q.add(key), 0);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(0).ret_data[0], uint32_t{KEVENT_POLL_POLLIN});
  CHECK_EQ(q.stats().kevents, 1u);
}

TEST(B28_another_kevent_whose_descriptor_is_gone_is_told_so) {
  TestQueue q(8);
  Fd first(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  int number = first.get();
  CHECK_EQ(q.add(on(KEVENT_POLL, first, KEVENT_POLL_POLLIN, kQueue, 1)), 0);
  first.reset();
  Fd second(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  CHECK_EQ(second.get(), number);
  CHECK_EQ(q.add(on(KEVENT_POLL, second, KEVENT_POLL_POLLIN, kQueue, 2)), 0);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(0).user[0], 1u);
  CHECK_EQ(q.slot(0).ret_flags, uint32_t{KEVENT_RET_BROKEN | KEVENT_RET_DONE});
  CHECK_EQ(static_cast<int>(q.slot(0).ret_data[1]), -EBADF);
}

TEST(B28_a_kevent_removed_after_its_descriptor_was_closed_stays_silent_though_a_dup_keeps_the_file_open) {
  TestQueue q(8);
  Fd fd(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  Fd dup(fcntl(fd.get(), F_DUPFD_CLOEXEC, 100));
  ukevent key = on(KEVENT_POLL, fd, KEVENT_POLL_POLLIN);
  CHECK_EQ(q.add(key), 0);
  fd.reset();
  CHECK_EQ(q.remove(key), kDone);
  CHECK_EQ(q.wait(8), 0);
  // And nobody spins: neither a waiter, nor who watches the queue's descriptor.
  CHECK_EQ(q.wait(8, &kSoon), 0);
  CHECK(q.stats().collects < 10);
  pollfd watch = {q.fd(), POLLIN, 0};
  poll(&watch, 1, 0);
  CHECK_EQ(q.wait(8), 0);
  CHECK_EQ(poll(&watch, 1, 0), 0);
}

TEST(B29_a_socket_says_what_is_ready_hang_ups_included_and_a_deaf_sender_hears_of_it) {
  TestQueue q(8);
  Pair pair;
  CHECK_EQ(q.add(on(KEVENT_SOCKET, pair.one, KEVENT_SOCKET_RECV | KEVENT_SOCKET_SEND)), 0);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(0).ret_data[0], uint32_t{KEVENT_SOCKET_SEND});
  CHECK_EQ(write(pair.other.get(), "x", 1), 1);
  CHECK_EQ(q.commit_all(), 1);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(1).ret_data[0], uint32_t{KEVENT_SOCKET_RECV | KEVENT_SOCKET_SEND});
  CHECK_EQ(shutdown(pair.other.get(), SHUT_WR), 0);
  CHECK_EQ(q.commit_all(), 1);
  CHECK_EQ(q.wait(8), 1);
  CHECK(q.slot(2).ret_data[0] & KEVENT_SOCKET_RDHUP);

  Pair full;
  fill_up(full.one);
  CHECK_EQ(q.add(on(KEVENT_SOCKET, full.one, KEVENT_SOCKET_SEND)), 0);
  CHECK_EQ(q.remove(on(KEVENT_SOCKET, pair.one, 0)), kDone);
  CHECK_EQ(q.wait(8), 0);  // momentarily unwritable is not broken
  full.other.reset();
  CHECK_EQ(q.wait(8, &kLong), 1);
  CHECK(q.slot(3).ret_data[0] & KEVENT_SOCKET_HUP);
  CHECK_EQ(q.slot(3).ret_flags, uint32_t{KEVENT_RET_DONE});
}

TEST(B30_a_pipe_reports_its_end_and_data_left_behind_and_a_missing_reader) {
  TestQueue q(8);
  Pipe empty;
  CHECK_EQ(q.add(on(KEVENT_PIPE, empty.in, KEVENT_SOCKET_RECV)), 0);
  empty.out.reset();
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(0).ret_data[0], uint32_t{KEVENT_SOCKET_HUP});
  CHECK_EQ(q.remove(on(KEVENT_PIPE, empty.in, 0)), kDone);

  Pipe left;
  CHECK_EQ(write(left.out.get(), "x", 1), 1);
  left.out.reset();
  CHECK_EQ(q.add(on(KEVENT_PIPE, left.in, KEVENT_SOCKET_RECV)), 0);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(1).ret_data[0], uint32_t{KEVENT_SOCKET_RECV | KEVENT_SOCKET_HUP});
  CHECK_EQ(q.slot(1).ret_flags, uint32_t{KEVENT_RET_DONE});
  CHECK_EQ(q.remove(on(KEVENT_PIPE, left.in, 0)), kDone);

  Pipe full;
  fill_up(full.out);
  CHECK_EQ(q.add(on(KEVENT_PIPE, full.out, KEVENT_SOCKET_SEND)), 0);
  CHECK_EQ(q.wait(8), 0);
  full.in.reset();
  CHECK_EQ(q.wait(8), 1);
  CHECK(q.slot(2).ret_data[0] & KEVENT_SOCKET_ERR);

  Pair sockets;
  CHECK_EQ(q.add(on(KEVENT_PIPE, sockets.one, KEVENT_SOCKET_RECV)), -EINVAL);
  Pipe ends;
  CHECK_EQ(q.add(on(KEVENT_PIPE, ends.in, KEVENT_SOCKET_SEND)), -EBADF);
}

TEST(B31_poll_returns_its_mask_at_once_hang_ups_are_implied_and_files_are_refused) {
  TestQueue q(8);
  Pair pair;
  ukevent now = on(KEVENT_POLL, pair.one, KEVENT_POLL_POLLOUT, 0);
  CHECK_EQ(q.one(KEVENT_CTL_ADD, &now), kDone);
  CHECK_EQ(now.ret_data[0], uint32_t{KEVENT_POLL_POLLOUT});
  CHECK_EQ(q.stats().kevents, 0u);
  CHECK_EQ(q.stats().immediate, 1u);
  CHECK_EQ(q.add(on(KEVENT_POLL, pair.one, KEVENT_POLL_POLLIN)), 0);
  pair.other.reset();
  CHECK_EQ(q.wait(8), 1);
  CHECK(q.slot(0).ret_data[0] & KEVENT_POLL_POLLHUP);
  Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK_EQ(q.add(on(KEVENT_POLL, file, KEVENT_POLL_POLLIN)), -EPERM);
  CHECK_EQ(q.add(event_of(KEVENT_POLL, 0xffffffff, KEVENT_POLL_POLLIN)), -EBADF);
  CHECK_EQ(q.add(event_of(KEVENT_POLL, static_cast<uint32_t>(q.fd()), KEVENT_POLL_POLLIN, kQueue)), -ELOOP);
}

TEST(B32_signals_reach_every_kevent_whatever_thread_they_hit_and_old_ones_reach_none) {
  TestQueue first(8), second(8);
  uint64_t id = SIGUSR1 | KEVENT_SIGNAL_NOMASK;
  CHECK_EQ(first.add(event_of(KEVENT_SIGNAL, id, KEVENT_SIGNAL_DELIVERY)), 0);
  CHECK_EQ(kill(getpid(), SIGUSR1), 0);
  CHECK_EQ(second.add(event_of(KEVENT_SIGNAL, id, KEVENT_SIGNAL_DELIVERY)), 0);
  CHECK_EQ(second.wait(8), 0);
  CHECK_EQ(first.wait(8, &kLong), 1);
  CHECK_EQ(first.commit_all(), 1);
  sigval value;
  value.sival_int = 42;
  CHECK_EQ(sigqueue(getpid(), SIGUSR1, value), 0);
  for (TestQueue* q : {&first, &second}) {
    CHECK_EQ(q->wait(8, &kLong), 1);
    const ukevent& event = q->slot(q->stats().head - 1);
    CHECK_EQ(event.ret_data[0], 1u);
    kevent_signal_record record;
    CHECK_EQ(kevent_payload(q->fd(), event.ret_data[1], &record, sizeof record), static_cast<int>(sizeof record));
    CHECK_EQ(record.pid, static_cast<uint32_t>(getpid()));
    CHECK_EQ(static_cast<int>(record.value), 42);
    CHECK_EQ(record.code, SI_QUEUE);
  }
  for (int signo : {SIGKILL, SIGSTOP, SIGSEGV, 0, 65}) {
    CHECK_EQ(first.add(event_of(KEVENT_SIGNAL, static_cast<uint32_t>(signo), 1)), -EINVAL);
  }
}

TEST(B33_a_timer_checks_its_time_counts_overruns_and_says_when_it_expired) {
  TestQueue q(4);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, uint64_t{1000000000} << 32, 1)), -EINVAL);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, 0, 1)), -EINVAL);
  timespec start;
  clock_gettime(CLOCK_MONOTONIC, &start);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, uint64_t{2000000} << 32, 1)), 0);
  timespec nine = {0, 9000000};
  nanosleep(&nine, nullptr);
  CHECK_EQ(q.wait(4, &kLong), 1);
  CHECK(q.slot(0).ret_data[0] >= 4);
  uint64_t since = start.tv_sec * 1000ull + static_cast<uint64_t>(start.tv_nsec) / 1000000;
  uint32_t expired = q.slot(0).ret_data[1] - static_cast<uint32_t>(since);
  CHECK(expired >= 2 * (q.slot(0).ret_data[0] - 1) && expired < 60000);
}

TEST(B33_a_periodic_timer_does_not_drift) {
  TestQueue q(4);
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t start = now.tv_sec * 1000000000ull + static_cast<uint64_t>(now.tv_nsec);
  CHECK_EQ(q.add(event_of(KEVENT_TIMER, uint64_t{500000} << 32, 1)), 0);
  uint64_t periods = 0;
  for (uint64_t round = 0; periods < 100; round++) {
    CHECK_EQ(q.wait(4, &kLong), 1);
    periods += q.slot(round).ret_data[0];
    CHECK_EQ(q.commit_all(), 1);
    clock_gettime(CLOCK_MONOTONIC, &now);
    // Never early: so many periods have really passed.
    CHECK(now.tv_sec * 1000000000ull + static_cast<uint64_t>(now.tv_nsec) - start >= periods * 500000);
  }
}

TEST(B35_two_interests_in_one_socket_are_both_looked_at) {
  TestQueue q(8);
  Pair pair;
  CHECK_EQ(write(pair.other.get(), "x", 1), 1);
  CHECK_EQ(q.add(on(KEVENT_SOCKET, pair.one, KEVENT_SOCKET_RECV, kQueue, 1)), 0);
  CHECK_EQ(q.add(on(KEVENT_SOCKET, pair.one, KEVENT_SOCKET_SEND, kQueue, 2)), 0);
  int moved = q.wait(8);
  moved += q.wait(8);
  CHECK_EQ(moved, 2);
  CHECK_EQ(q.slot(0).ret_data[0] | q.slot(1).ret_data[0], uint32_t{KEVENT_SOCKET_RECV | KEVENT_SOCKET_SEND});
}

TEST(across_queues_an_event_of_one_socket_goes_to_one_and_with_wakeup_all_to_all) {
  for (uint32_t flags : {kQueue, kQueue | KEVENT_REQ_WAKEUP_ALL}) {
    TestQueue one(8), other(8);
    Pair pair;
    CHECK_EQ(one.add(on(KEVENT_SOCKET, pair.one, KEVENT_SOCKET_RECV, flags)), 0);
    CHECK_EQ(other.add(on(KEVENT_SOCKET, pair.one, KEVENT_SOCKET_RECV, flags)), 0);
    CHECK_EQ(write(pair.other.get(), "x", 1), 1);
    CHECK_EQ(one.wait(8), 1);
    CHECK_EQ(other.wait(8), flags & KEVENT_REQ_WAKEUP_ALL ? 1 : 0);
    if (flags & KEVENT_REQ_WAKEUP_ALL) continue;
    // Given back unread: now the other one may have it.
    CHECK_EQ(one.commit_all(), 1);
    CHECK_EQ(other.wait(8), 1);
    // What is held by a queue that closes goes on to the others.
    CHECK_EQ(one.wait(8), 0);
    other.close();
    CHECK_EQ(one.wait(8, &kLong), 1);
  }
}

TEST(a_queue_can_be_put_into_a_queue_and_into_epoll) {
  TestQueue inner(4), outer(4);
  CHECK_EQ(outer.add(event_of(KEVENT_POLL, static_cast<uint32_t>(inner.fd()), KEVENT_POLL_POLLIN, kQueue)), 0);
  CHECK_EQ(outer.wait(4), 0);
  CHECK_EQ(inner.add(user_event(1, KEVENT_REQ_READY)), 0);
  CHECK_EQ(outer.wait(4, &kLong), 1);
  Fd set(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event = {};
  event.events = EPOLLIN;
  CHECK_EQ(epoll_ctl(set.get(), EPOLL_CTL_ADD, inner.fd(), &event), 0);
  CHECK_EQ(epoll_wait(set.get(), &event, 1, 0), 1);
  CHECK_EQ(inner.wait(4), 1);
  CHECK_EQ(epoll_wait(set.get(), &event, 1, 0), 0);
  CHECK_EQ(outer.commit_all(), 1);
  CHECK_EQ(outer.wait(4), 0);
}

TEST(a_muted_kevent_is_silent_and_its_count_goes_on) {
  TestQueue q(8);
  CHECK_EQ(q.add(user_event(1, KEVENT_REQ_MUTED)), 0);
  for (int i = 0; i < 3; i++) CHECK_EQ(q.ready(user_event(1)), kDone);
  CHECK_EQ(q.wait(8), 0);
  CHECK_EQ(q.modify(user_event(1)), kDone);
  CHECK_EQ(q.wait(8), 1);
  CHECK_EQ(q.slot(0).ret_data[0], 3u);
  Pair pair;
  CHECK_EQ(q.add(on(KEVENT_SOCKET, pair.one, KEVENT_SOCKET_RECV, kQueue | KEVENT_REQ_MUTED)), 0);
  CHECK_EQ(write(pair.other.get(), "x", 1), 1);
  pair.other.reset();  // not even a hang-up is heard
  CHECK_EQ(q.wait(8), 0);
  CHECK_EQ(q.wait(8), 0);
  CHECK_EQ(q.modify(on(KEVENT_SOCKET, pair.one, KEVENT_SOCKET_RECV, kQueue)), kDone);
  CHECK_EQ(q.wait(8), 1);
  CHECK(q.slot(1).ret_data[0] & KEVENT_SOCKET_HUP);
}

TEST(closing_answers_everybody_and_everything_after) {
  TestQueue q(4);
  int fd = q.fd();
  q.close();
  CHECK_EQ(kevent_close(fd), -EBADF);
  ukevent u = user_event(1);
  CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_ADD, 1, &u), -EBADF);
  CHECK_EQ(kevent_wait(fd, 1, 0, nullptr, 0), -EBADF);
  CHECK_EQ(kevent_commit(fd, 0, 0), -EBADF);
  Fd other(eventfd(0, EFD_CLOEXEC));
  CHECK_EQ(kevent_close(other.get()), -EINVAL);
  CHECK_EQ(kevent_ctl(other.get(), KEVENT_CTL_ADD, 1, &u), -EINVAL);
}

TEST(a_queue_whose_descriptor_was_closed_behind_its_back_ends_when_the_number_is_used_again) {
  int first = kevent_init(nullptr, 0, 0);
  CHECK(first >= 0);
  ukevent u = user_event(1);
  CHECK_EQ(kevent_ctl(first, KEVENT_CTL_ADD, 1, &u), 1);
  CHECK_EQ(close(first), 0);
  int second = kevent_init(nullptr, 0, 0);
  CHECK_EQ(second, first);
  u = user_event(1);
  CHECK_EQ(kevent_ctl(second, KEVENT_CTL_ADD, 1, &u), 1);
  CHECK_EQ(kevent_close(second), 0);
}
