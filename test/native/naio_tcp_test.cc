// NAIO on TCP: level for its reader, although the kernel tells of edges only. Nothing that is there is ever left lying.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "test_queue.h"

namespace {

constexpr uint32_t kRecv = KEVENT_SOCKET_RECV;
constexpr uint32_t kSend = KEVENT_SOCKET_SEND;
constexpr uint32_t kBlock = KEVENT_NAIO_MIN_BLOCK_SIZE;

// A connection: `a` is the one a queue is told about, `b` its peer.
struct TcpPair {
  int a = -1, b = -1;
  TcpPair() {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    sockaddr* any = reinterpret_cast<sockaddr*>(&address);
    CHECK_EQ(bind(listener, any, length), 0);
    CHECK_EQ(listen(listener, 1), 0);
    CHECK_EQ(getsockname(listener, any, &length), 0);
    b = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(connect(b, any, length), 0);
    a = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    CHECK(a >= 0);
    close(listener);
  }
  ~TcpPair() {
    close(a);
    if (b >= 0) close(b);
  }
  TcpPair(const TcpPair&) = delete;
  TcpPair& operator=(const TcpPair&) = delete;

  void say(const std::string& bytes, int flags = 0) const {
    CHECK_EQ(send(b, bytes.data(), bytes.size(), flags), static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() {
    close(b);
    b = -1;
  }
};

ukevent stream(int fd, uint32_t event = kRecv, uint32_t req_flags = 0) {
  return request(KEVENT_NAIO, static_cast<uint64_t>(fd), event, req_flags);
}

uint32_t what(const ukevent& event) { return event.ret_data[0] >> KEVENT_NAIO_WHAT_SHIFT; }
uint32_t length(const ukevent& event) { return event.ret_data[0] & ((1u << KEVENT_NAIO_WHAT_SHIFT) - 1); }
bool ended(const ukevent& event) { return (what(event) & kRecv) && length(event) == 0; }

std::string bytes_of(TestQueue& queue, const ukevent& event) {
  CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
  if (length(event) == 0) return {};
  void* memory;
  uint32_t size;
  CHECK_EQ(kevent_naio_hold(queue.fd(), event.ret_data[1] >> KEVENT_NAIO_BLOCK_SHIFT, 0, &memory, &size), 0);
  uint32_t offset = event.ret_data[1] & ((1u << KEVENT_NAIO_BLOCK_SHIFT) - 1);
  std::string bytes(static_cast<const char*>(memory) + offset, length(event));
  kevent_naio_release(memory);
  return bytes;
}

// Reads on, each event committed before the next, until so many bytes have come.
std::string read_bytes(TestQueue& queue, size_t count) {
  std::string all;
  while (all.size() < count) {
    all += bytes_of(queue, queue.read_one());
    queue.commit_read();
  }
  return all;
}

TEST(tcp_what_comes_while_an_event_is_uncommitted_comes_after_its_commit) {
  TestQueue queue;
  TcpPair pair;
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  pair.say("one");
  CHECK_EQ(bytes_of(queue, queue.read_one()), "one");
  pair.say("two");
  pair.say("three");
  CHECK(queue.idle());
  queue.commit_read();
  CHECK_EQ(read_bytes(queue, 8), "twothree");
  CHECK(queue.idle());
  // No system call was made to have the kernel quiet meanwhile.
  CHECK_EQ(queue.stats().muted, 0u);
}

TEST(tcp_the_end_that_came_with_the_last_bytes_is_told) {
  TestQueue queue;
  TcpPair pair;
  pair.say("last words");
  pair.hang_up();
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  CHECK_EQ(read_bytes(queue, 10), "last words");
  CHECK(ended(queue.read_one()));
  queue.commit_read();
  CHECK(queue.idle());
}

TEST(tcp_the_end_that_comes_while_an_event_is_uncommitted_is_told) {
  TestQueue queue;
  TcpPair pair;
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  pair.say("x");
  CHECK_EQ(length(queue.read_one()), 1u);
  CHECK_EQ(shutdown(pair.b, SHUT_WR), 0);
  queue.commit_read();
  CHECK(ended(queue.read_one()));
  queue.commit_read();
  CHECK(queue.idle());
}

TEST(tcp_a_reset_behind_bytes_is_told) {
  TestQueue queue;
  TcpPair pair;
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  pair.say("x");
  CHECK_EQ(length(queue.read_one()), 1u);
  linger at_once = {1, 0};
  CHECK_EQ(setsockopt(pair.b, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  pair.hang_up();
  queue.commit_read();
  ukevent event = queue.read_one();
  CHECK_EQ(event.ret_flags, KEVENT_RET_BROKEN | KEVENT_RET_DONE);
  CHECK_EQ(static_cast<int>(event.ret_data[1]), -ECONNRESET);
}

TEST(tcp_bytes_behind_urgent_data_are_not_left_lying) {
  TestQueue queue;
  TcpPair pair;
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  pair.say("before!", MSG_OOB);
  pair.say("behind");
  CHECK_EQ(read_bytes(queue, 12), "beforebehind");
  pair.say("more");
  CHECK_EQ(read_bytes(queue, 4), "more");
  CHECK(queue.idle());
}

TEST(tcp_more_than_a_block_comes_without_another_edge) {
  TestQueue queue;
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 4), 0);
  TcpPair pair;
  std::string said(10 * kBlock + 7, 'k');
  pair.say(said);
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  CHECK(read_bytes(queue, said.size()) == said);
  CHECK(queue.idle());
}

TEST(tcp_what_found_no_space_is_received_when_there_is_some) {
  TestQueue queue;
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 1), 0);
  TcpPair pair, other;
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  CHECK_EQ(queue.add(stream(other.a)), 0);
  pair.say(std::string(kBlock, 'a'));
  ukevent event = queue.read_one();
  CHECK_EQ(length(event), kBlock);
  other.say("in want of space");
  pair.say("too");
  CHECK(queue.idle());
  queue.commit_read();
  std::string all = read_bytes(queue, 19);
  CHECK(all == "in want of spacetoo" || all == "tooin want of space");
  CHECK(queue.idle());
}

TEST(tcp_who_asks_for_SEND_too_is_asked_as_by_level) {
  TestQueue queue;
  TcpPair pair;
  ukevent entry = stream(pair.a, kRecv | kSend);
  CHECK_EQ(queue.add(entry), 0);
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(what(queue.read_one()), kSend);
    queue.commit_read();
  }
  pair.say("kept");
  entry.event = kRecv;
  CHECK_EQ(queue.modify(entry), 0);
  CHECK_EQ(read_bytes(queue, 4), "kept");
  CHECK(queue.idle());
  pair.say("again");
  CHECK_EQ(read_bytes(queue, 5), "again");
}

TEST(tcp_what_came_while_it_was_muted_comes_when_it_is_not) {
  TestQueue queue;
  TcpPair pair;
  ukevent entry = stream(pair.a, kRecv, KEVENT_REQ_MUTED);
  CHECK_EQ(queue.add(entry), 0);
  pair.say("early");
  CHECK(queue.idle());
  entry.req_flags = 0;
  CHECK_EQ(queue.modify(entry), 0);
  CHECK_EQ(read_bytes(queue, 5), "early");
}

TEST(tcp_without_a_ring_everything_comes_too) {
  TestQueue queue(0);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 2), 0);
  TcpPair pair;
  std::string said(5 * kBlock + 1, 'r');
  pair.say(said);
  CHECK_EQ(queue.add(stream(pair.a)), 0);
  pair.hang_up();
  size_t received = 0;
  for (bool over = false; !over;) {
    ukevent events[3];
    int count = kevent_get_events(queue.fd(), 1, 3, &kPatience, events, 0);
    CHECK(count > 0);
    for (int i = 0; i < count; i++) {
      received += length(events[i]);
      over |= ended(events[i]);
    }
  }
  CHECK_EQ(received, said.size());
}

TEST(tcp_two_queues_on_one_connection_get_all_of_it_between_them) {
  TestQueue one, two;
  TcpPair pair;
  CHECK_EQ(one.add(stream(pair.a)), 0);
  CHECK_EQ(two.add(stream(pair.a)), 0);
  size_t received = 0;
  size_t said = 0;
  for (int round = 0; round < 50; round++) {
    pair.say("some bytes");
    said += 10;
    while (received < said) {
      for (TestQueue* queue : {&one, &two}) {
        for (const ukevent& event : queue->read()) received += length(event);
        queue->commit_read();
      }
    }
  }
  CHECK_EQ(received, said);
}

TEST(tcp_no_byte_is_lost_whatever_the_sizes_and_however_late_the_commits) {
  TestQueue queue(4);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 3), 0);
  constexpr size_t kPairs = 6;
  TcpPair pairs[kPairs];
  std::string said[kPairs], heard[kPairs];
  for (size_t i = 0; i < kPairs; i++) {
    ukevent entry = stream(pairs[i].a);
    entry.user[0] = static_cast<uint32_t>(i);
    CHECK_EQ(queue.add(entry), 0);
  }
  srand(7);
  for (int round = 0; round < 2000; round++) {
    size_t i = static_cast<size_t>(rand()) % kPairs;
    // As much as the socket's buffers hold while nobody reads.
    if (said[i].size() - heard[i].size() < 40000) {
      std::string bytes(static_cast<size_t>(1 + rand() % (rand() % 3 ? 200 : 9000)), static_cast<char>('a' + round % 26));
      pairs[i].say(bytes);
      said[i] += bytes;
    }
    if (rand() % 3 == 0) {
      for (const ukevent& event : queue.read()) heard[event.user[0]] += bytes_of(queue, event);
    }
    if (rand() % 3 == 0) queue.commit_read();
  }
  uint64_t start = now_ns();
  for (bool all = false; !all;) {
    queue.commit_read();
    for (const ukevent& event : queue.read()) heard[event.user[0]] += bytes_of(queue, event);
    all = true;
    for (size_t i = 0; i < kPairs; i++) all &= heard[i].size() == said[i].size();
    CHECK(now_ns() - start < 20000000000u);
  }
  for (size_t i = 0; i < kPairs; i++) CHECK(heard[i] == said[i]);
}

}  // namespace
