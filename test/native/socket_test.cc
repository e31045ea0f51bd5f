// SOCKET: RECV, ACCEPT and SEND, and what a connection does when it ends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "socket_pair.h"
#include "test_queue.h"

namespace {

constexpr uint32_t kRecv = KEVENT_SOCKET_RECV;
constexpr uint32_t kSend = KEVENT_SOCKET_SEND;

struct Listener {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = {};
  Listener() {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    CHECK_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
    CHECK_EQ(listen(fd, 16), 0);
    CHECK_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  }
  ~Listener() { close(fd); }
  int connect_to() const {
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return client;
  }
};

ukevent socket_event(int fd, uint32_t event, uint32_t req_flags = 0) {
  return request(KEVENT_SOCKET, static_cast<uint64_t>(fd), event, req_flags);
}

TEST(only_open_sockets_are_taken) {
  TestQueue queue;
  int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK_EQ(queue.add(socket_event(file, kRecv)), -ENOTSOCK);
  close(file);
  CHECK_EQ(queue.add(socket_event(file, kRecv)), -EBADF);
  CHECK_EQ(queue.add(request(KEVENT_SOCKET, UINT32_MAX, kRecv)), -EBADF);
  CHECK_EQ(queue.add(request(KEVENT_SOCKET, 1u << 31, kRecv)), -EBADF);
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(a_connection_to_accept_is_reported_until_it_is_accepted) {
  TestQueue queue;
  Listener listener;
  CHECK_EQ(queue.add(socket_event(listener.fd, KEVENT_SOCKET_ACCEPT)), 0);
  int clients[2] = {listener.connect_to(), listener.connect_to()};
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(queue.next().ret_data[0], KEVENT_SOCKET_ACCEPT);
    int accepted = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
    CHECK(accepted >= 0);
    close(accepted);
  }
  CHECK(queue.idle());
  for (int client : clients) close(client);
}

TEST(what_is_ready_is_said_in_the_bits_that_were_asked_for) {
  TestQueue queue;
  SocketPair pair;
  ukevent entry = socket_event(pair.a, kRecv | kSend);
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
  CHECK_EQ(entry.ret_data[0], kSend);
  CHECK_EQ(write(pair.b, "x", 1), 1);
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
  CHECK_EQ(entry.ret_data[0], kRecv | kSend);
  entry.event = kRecv;
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
  CHECK_EQ(entry.ret_data[0], kRecv);
  pair.fill();
  CHECK_EQ(queue.add(socket_event(pair.a, kSend)), 0);
  CHECK(queue.idle());
  char bytes[65536];
  while (read(pair.b, bytes, sizeof bytes) > 0) continue;
  CHECK_EQ(queue.next().ret_data[0], kSend);
}

TEST(B29_a_half_close_is_a_bit_beside_what_can_still_be_done) {
  TestQueue queue;
  SocketPair pair;
  CHECK_EQ(queue.add(socket_event(pair.a, kRecv)), 0);
  CHECK_EQ(write(pair.b, "last words", 10), 10);
  CHECK_EQ(shutdown(pair.b, SHUT_WR), 0);
  CHECK_EQ(queue.next().ret_data[0], kRecv | KEVENT_SOCKET_RDHUP);
  // Not broken: our half still works.
  CHECK_EQ(queue.add(request(KEVENT_SOCKET, static_cast<uint64_t>(pair.a), kSend, KEVENT_REQ_ALWAYS_QUEUE, 1)), 0);
  for (const ukevent& event : queue.read()) {
    CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
    if (event.event == kSend) CHECK_EQ(event.ret_data[0] & kSend, kSend);
  }
  CHECK_EQ(write(pair.a, "x", 1), 1);
}

TEST(B29_a_sender_that_cannot_write_at_the_moment_is_not_broken_by_a_half_close) {
  TestQueue queue;
  SocketPair pair;
  pair.fill();
  CHECK_EQ(queue.add(socket_event(pair.a, kSend)), 0);
  CHECK_EQ(shutdown(pair.b, SHUT_WR), 0);
  CHECK(queue.idle());
  char bytes[65536];
  while (read(pair.b, bytes, sizeof bytes) > 0) continue;
  CHECK_EQ(queue.next().ret_flags, KEVENT_RET_DONE);
}

TEST(B29_a_hang_up_is_told_to_a_sender_and_to_who_asks_for_nothing) {
  for (uint32_t event : {kSend, kRecv, uint32_t{0}}) {
    TestQueue queue;
    SocketPair pair;
    if (event == kSend) pair.fill();
    CHECK_EQ(queue.add(socket_event(pair.a, event)), 0);
    CHECK(queue.idle());
    pair.close_b();
    ukevent told = queue.next();
    CHECK_EQ(told.ret_data[0] & KEVENT_SOCKET_HUP, KEVENT_SOCKET_HUP);
    CHECK_EQ(told.ret_flags, KEVENT_RET_DONE);
    CHECK_EQ(queue.remove(socket_event(pair.a, event)), 0);
    CHECK_EQ(queue.stats().kevents, 0u);
  }
}

TEST(a_reset_connection_is_told_with_its_error) {
  TestQueue queue;
  Listener listener;
  int client = listener.connect_to();
  int server = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  CHECK_EQ(queue.add(socket_event(server, kRecv)), 0);
  linger abort = {1, 0};
  setsockopt(client, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  close(client);
  ukevent event = queue.next();
  CHECK_EQ(event.ret_data[0] & KEVENT_SOCKET_ERR, KEVENT_SOCKET_ERR);
  CHECK_EQ(event.ret_data[0] & KEVENT_SOCKET_HUP, KEVENT_SOCKET_HUP);
  close(server);
}

TEST(a_refused_connection_is_told_to_its_sender) {
  TestQueue queue;
  sockaddr_in nobody;
  { nobody = Listener().address; }
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connect(client, reinterpret_cast<sockaddr*>(&nobody), sizeof nobody) == 0) CHECK(!"refused");
  CHECK_EQ(queue.add(socket_event(client, kSend, KEVENT_REQ_ONESHOT | KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK_EQ(queue.next().ret_data[0] & KEVENT_SOCKET_ERR, KEVENT_SOCKET_ERR);
  close(client);
}

TEST(B35_two_interests_in_one_socket_are_both_looked_at) {
  TestQueue queue;
  SocketPair pair;
  pair.fill();
  ukevent both[2] = {socket_event(pair.a, kRecv), socket_event(pair.a, kSend)};
  both[1].id.raw[1] = 1;  // free for the user
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, 2, both), 2);
  CHECK(queue.idle());
  char bytes[65536];
  while (read(pair.b, bytes, sizeof bytes) > 0) continue;
  CHECK_EQ(write(pair.b, "x", 1), 1);
  uint32_t seen = 0;
  for (const ukevent& event : queue.read()) {
    CHECK_EQ(event.ret_data[0], event.event);
    CHECK_EQ(event.id.raw[1], event.event == kSend ? 1u : 0u);
    seen |= event.ret_data[0];
  }
  CHECK_EQ(seen, kRecv | kSend);
}

TEST(several_kevents_on_one_socket_each_have_their_own_mode) {
  TestQueue queue(16);
  SocketPair pair;
  for (uint32_t user : {0u, 1u, 2u}) {
    const uint32_t flags[] = {0, KEVENT_REQ_ET, KEVENT_REQ_ONESHOT};
    CHECK_EQ(queue.add(request(KEVENT_SOCKET, static_cast<uint64_t>(pair.a), kRecv, flags[user], user)), 0);
  }
  CHECK_EQ(write(pair.b, "x", 1), 1);
  CHECK_EQ(queue.read().size(), 3u);
  CHECK_EQ(queue.commit_read(), 3);
  std::vector<ukevent> again = queue.read();
  CHECK_EQ(again.size(), 1u);
  CHECK_EQ(again[0].user[0], 0u);
}

TEST(more_kevents_on_one_fd_than_there_is_place_for_are_refused) {
  TestQueue queue;
  SocketPair pair;
  for (uint32_t i = 0; i < KEVENT_MAX_SAME_FD; i++) {
    CHECK_EQ(queue.add(request(KEVENT_SOCKET, static_cast<uint64_t>(pair.a), kRecv, 0, i)), 0);
  }
  ukevent one_more = request(KEVENT_SOCKET, static_cast<uint64_t>(pair.a), kRecv, 0, KEVENT_MAX_SAME_FD);
  CHECK_EQ(queue.add(one_more), -ENOSPC);
  one_more.user[0] = 17;
  CHECK_EQ(queue.remove(one_more), 0);
  one_more.user[0] = KEVENT_MAX_SAME_FD;
  CHECK_EQ(queue.add(one_more), 0);
}

TEST(datagram_sockets_work_as_well) {
  TestQueue queue;
  int fds[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
  CHECK_EQ(queue.add(socket_event(fds[0], kRecv)), 0);
  CHECK_EQ(send(fds[1], "", 0, 0), 0);  // empty, and still a datagram
  CHECK_EQ(queue.next().ret_data[0], kRecv);
  char byte;
  CHECK_EQ(recv(fds[0], &byte, 1, 0), 0);
  CHECK(queue.idle());
  close(fds[0]);
  close(fds[1]);
}

}  // namespace
