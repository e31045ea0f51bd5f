// NAIO: bytes come with the event, in order, all of them, and only as many as there is room for.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "caller.h"
#include "socket_pair.h"
#include "test_queue.h"

namespace {

constexpr uint32_t kRecv = KEVENT_SOCKET_RECV;
constexpr uint32_t kSend = KEVENT_SOCKET_SEND;
constexpr uint32_t kBlock = KEVENT_NAIO_MIN_BLOCK_SIZE;

ukevent naio_event(int fd, uint32_t event = kRecv, uint32_t req_flags = 0) {
  return request(KEVENT_NAIO, static_cast<uint64_t>(fd), event, req_flags);
}

uint32_t what(const ukevent& event) { return event.ret_data[0] >> KEVENT_NAIO_WHAT_SHIFT; }
uint32_t length(const ukevent& event) { return event.ret_data[0] & ((1u << KEVENT_NAIO_WHAT_SHIFT) - 1); }
uint32_t block(const ukevent& event) { return event.ret_data[1] >> KEVENT_NAIO_BLOCK_SHIFT; }
uint32_t offset(const ukevent& event) { return event.ret_data[1] & ((1u << KEVENT_NAIO_BLOCK_SHIFT) - 1); }

// A block's memory, held for as long as this lives.
class Held {
 public:
  Held(int queue, uint32_t number, bool keep = false) {
    CHECK_EQ(kevent_naio_hold(queue, number, keep, &memory_, &size_), 0);
  }
  ~Held() { kevent_naio_release(memory_); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  std::string bytes(const ukevent& event) const {
    CHECK(offset(event) + length(event) <= size_);
    return std::string(static_cast<const char*>(memory_) + offset(event), length(event));
  }

 private:
  void* memory_;
  uint32_t size_;
};

std::string bytes_of(TestQueue& queue, const ukevent& event) {
  CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
  return length(event) ? Held(queue.fd(), block(event)).bytes(event) : std::string();
}

void check_end(const ukevent& event) {
  CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
  CHECK(what(event) & kRecv);
  CHECK_EQ(length(event), 0u);
}

TEST(what_was_said_comes_with_the_event) {
  TestQueue queue;
  SocketPair pair;
  CHECK_EQ(queue.add(naio_event(pair.a)), 0);
  CHECK(queue.idle());
  pair.say("hello");
  ukevent event = queue.read_one();
  CHECK_EQ(what(event), kRecv);
  CHECK_EQ(bytes_of(queue, event), "hello");
  queue.commit_read();
  CHECK(queue.idle());
  pair.say("again");
  CHECK_EQ(bytes_of(queue, queue.next()), "again");
}

TEST(one_that_is_closed_leaves_queue_and_descriptor_to_whoever_comes_next) {
  TestQueue queue;
  SocketPair pair;
  ukevent entry = naio_event(pair.a);
  CHECK_EQ(queue.add(entry), 0);
  pair.say("in the ring");
  CHECK_EQ(length(queue.read_one()), 11u);
  CHECK_EQ(kevent_naio_close(queue.fd(), &entry), 0);
  queue.commit_read();
  CHECK_EQ(fcntl(pair.a, F_GETFD), -1);
  CHECK_EQ(errno, EBADF);
  char nothing;
  CHECK_EQ(recv(pair.b, &nothing, 1, 0), 0);
  CHECK_EQ(queue.stats().kevents, 0u);
  CHECK_EQ(kevent_naio_close(queue.fd(), &entry), -ENOENT);
  // The number is given out again: to this very queue.
  int closed = pair.a;
  SocketPair next;
  CHECK_EQ(next.a, closed);
  CHECK_EQ(queue.add(naio_event(next.a)), 0);
  next.say("other");
  CHECK_EQ(bytes_of(queue, queue.next()), "other");
  pair.a = -1;
}

TEST(one_that_is_closed_while_a_duplicate_is_open_does_not_keep_the_queue_awake) {
  TestQueue queue;
  SocketPair pair, other;
  int duplicate = dup(pair.a);
  ukevent entry = naio_event(pair.a);
  CHECK_EQ(queue.add(entry), 0);
  CHECK_EQ(queue.add(naio_event(other.a)), 0);
  CHECK_EQ(kevent_naio_close(queue.fd(), &entry), 0);
  pair.a = -1;
  pair.say("to nobody");
  CHECK(queue.idle());
  other.say("to us");
  CHECK_EQ(bytes_of(queue, queue.next()), "to us");
  queue.commit_read();
  CHECK(queue.idle());
  close(duplicate);
}

TEST(only_a_stream_is_closed) {
  TestQueue queue;
  SocketPair pair;
  ukevent entry = request(KEVENT_SOCKET, static_cast<uint64_t>(pair.a), kRecv);
  CHECK_EQ(queue.add(entry), 0);
  CHECK_EQ(kevent_naio_close(queue.fd(), &entry), -EINVAL);
  CHECK_EQ(kevent_naio_close(queue.fd(), nullptr), -EFAULT);
  CHECK(fcntl(pair.a, F_GETFD) >= 0);
  CHECK_EQ(queue.remove(entry), 0);
}

TEST(it_is_queued_even_if_something_is_there_at_ADD) {
  TestQueue queue;
  SocketPair pair;
  pair.say("early");
  CHECK_EQ(queue.add(naio_event(pair.a)), 0);
  CHECK_EQ(bytes_of(queue, queue.next()), "early");
}

TEST(events_of_several_sockets_share_a_block) {
  TestQueue queue;
  SocketPair pairs[3];
  for (SocketPair& pair : pairs) CHECK_EQ(queue.add(naio_event(pair.a)), 0);
  for (int i = 0; i < 3; i++) pairs[i].say(std::string(10, static_cast<char>('0' + i)));
  std::vector<ukevent> events = queue.read();
  CHECK_EQ(events.size(), 3u);
  for (uint32_t i = 0; i < 3; i++) {
    CHECK_EQ(block(events[i]), 0u);
    CHECK_EQ(offset(events[i]), 10 * i);
    CHECK_EQ(bytes_of(queue, events[i]), std::string(10, static_cast<char>('0' + i)));
  }
}

TEST(a_stream_of_any_length_comes_complete_and_in_order) {
  for (uint32_t flags : {uint32_t{0}, uint32_t{KEVENT_REQ_ET}}) {
    TestQueue queue(4);
    CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 2), 0);
    SocketPair pair;
    CHECK_EQ(queue.add(naio_event(pair.a, kRecv, flags)), 0);
    constexpr uint32_t kWords = 300000;
    std::thread writer([&] {
      std::vector<uint32_t> words(kWords);
      for (uint32_t i = 0; i < kWords; i++) words[i] = i * 2654435761u;
      const char* at = reinterpret_cast<const char*>(words.data());
      for (size_t left = 4 * kWords; left > 0;) {
        ssize_t sent = write(pair.b, at, std::min<size_t>(left, 1 + left % 9000));
        if (sent < 0) continue;
        at += sent;
        left -= static_cast<size_t>(sent);
      }
      shutdown(pair.b, SHUT_WR);
    });
    std::string received;
    for (bool more = true; more;) {
      ukevent event = queue.read_one();
      received += bytes_of(queue, event);
      queue.commit_read();
      more = length(event) > 0;
    }
    writer.join();
    CHECK_EQ(received.size(), size_t{4} * kWords);
    const auto* words = reinterpret_cast<const uint32_t*>(received.data());
    for (uint32_t i = 0; i < kWords; i++) CHECK_EQ(words[i], i * 2654435761u);
  }
}

TEST(nothing_is_received_while_an_event_is_uncommitted) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  pair.say("one");
  ukevent event = queue.read_one();
  pair.say("two");
  CHECK(queue.idle());
  CHECK_EQ(queue.stats().muted, 1u);
  CHECK_EQ(bytes_of(queue, event), "one");
  queue.commit_read();
  CHECK_EQ(bytes_of(queue, queue.next()), "two");
}

TEST(a_kevent_whose_events_are_committed_in_time_is_never_muted) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  for (int i = 0; i < 100; i++) {
    pair.say("x");
    queue.next();
  }
  CHECK_EQ(queue.stats().muted, 0u);
  CHECK_EQ(queue.stats().delivered, 100u);
}

TEST(the_end_of_the_stream_is_said_once_and_does_not_come_again_by_itself) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  pair.say("last words");
  pair.close_b();
  CHECK_EQ(bytes_of(queue, queue.next()), "last words");
  check_end(queue.next());
  CHECK(queue.idle());
  CHECK(queue.idle());
  uint64_t collects = queue.stats().collects;
  kevent_timespec soon = {0, 20000000};
  CHECK_EQ(queue.wait(1, &soon), 0);
  // Not a busy loop: the wait has slept.
  CHECK(queue.stats().collects - collects < 10);
  CHECK_EQ(queue.modify(naio_event(pair.a)), 0);
  check_end(queue.next());
}

TEST(one_that_always_has_more_does_not_keep_the_others_waiting) {
  TestQueue queue;
  SocketPair busy, other;
  queue.add(naio_event(busy.a));
  queue.add(naio_event(other.a));
  // For so long that the queue does not ask the kernel any more who is ready.
  for (int i = 0; i < 3; i++) {
    busy.say("x");
    CHECK_EQ(queue.next().id.raw[0], static_cast<uint32_t>(busy.a));
  }
  other.say("y");
  uint32_t from = busy.a;
  int others = 0;
  for (; from == static_cast<uint32_t>(busy.a) && others < 1000; others++) {
    busy.say("x");
    from = queue.next().id.raw[0];
  }
  CHECK_EQ(from, static_cast<uint32_t>(other.a));
  CHECK(others <= 66);
}

TEST(a_half_closed_stream_can_still_be_sent_to) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  CHECK_EQ(shutdown(pair.b, SHUT_WR), 0);
  check_end(queue.next());
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(naio_event(pair.a, kSend)), 0);
  CHECK_EQ(what(queue.next()), kSend);
  CHECK_EQ(queue.modify(naio_event(pair.a, 0)), 0);
  CHECK(queue.idle());
}

TEST(room_to_send_is_said_only_while_it_is_asked_for) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(naio_event(pair.a, kRecv | kSend)), 0);
  ukevent event = queue.next();
  CHECK_EQ(what(event), kSend);
  CHECK_EQ(length(event), 0u);
  pair.say("both");
  event = queue.read_one();
  CHECK_EQ(what(event), kRecv | kSend);
  CHECK_EQ(bytes_of(queue, event), "both");
  queue.commit_read();
  CHECK_EQ(queue.modify(naio_event(pair.a)), 0);
  CHECK(queue.idle());
}

TEST(a_paused_kevent_leaves_the_bytes_in_the_kernel) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  CHECK_EQ(queue.modify(naio_event(pair.a, 0)), 0);
  pair.say("later");
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(naio_event(pair.a)), 0);
  CHECK_EQ(bytes_of(queue, queue.next()), "later");
  CHECK_EQ(queue.modify(naio_event(pair.a, kRecv, KEVENT_REQ_MUTED)), 0);
  pair.say("muted");
  CHECK(queue.idle());
  CHECK_EQ(queue.modify(naio_event(pair.a)), 0);
  CHECK_EQ(bytes_of(queue, queue.next()), "muted");
}

TEST(an_error_of_the_stream_breaks_the_kevent) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  // Bytes that nobody read make the close a reset.
  CHECK_EQ(write(pair.a, "x", 1), 1);
  pair.close_b();
  ukevent event = queue.next();
  CHECK_EQ(event.ret_flags, KEVENT_RET_BROKEN | KEVENT_RET_DONE);
  CHECK_EQ(static_cast<int>(event.ret_data[1]), -ECONNRESET);
  CHECK_EQ(queue.stats().kevents, 0u);
  CHECK(queue.idle());
}

TEST(ONESHOT_receives_once) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a, kRecv, KEVENT_REQ_ONESHOT));
  pair.say("one");
  CHECK_EQ(bytes_of(queue, queue.read_one()), "one");
  CHECK_EQ(queue.stats().kevents, 0u);
  pair.say("two");
  CHECK(queue.idle());
  char rest[8];
  CHECK_EQ(read(pair.a, rest, sizeof rest), 3);
}

TEST(ET_comes_until_all_is_received_the_end_included) {
  TestQueue queue(16);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 8), 0);
  SocketPair pair;
  queue.add(naio_event(pair.a, kRecv, KEVENT_REQ_ET));
  pair.say(std::string(3 * kBlock, 'x'));
  shutdown(pair.b, SHUT_WR);
  size_t received = 0;
  std::vector<ukevent> events = queue.read();
  for (const ukevent& event : events) received += length(event);
  CHECK_EQ(received, size_t{3} * kBlock);
  check_end(events.back());
}

TEST(LAST_CHECK_and_READY_do_not_make_up_bytes) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a, kRecv, KEVENT_REQ_LAST_CHECK));
  CHECK_EQ(queue.ready(naio_event(pair.a)), 0);
  ukevent event = queue.next();
  CHECK_EQ(event.ret_data[0], 0u);
  pair.say("said");
  CHECK_EQ(queue.ready(naio_event(pair.a)), 0);
  CHECK_EQ(bytes_of(queue, queue.next()), "said");
  CHECK(queue.idle());
}

// So that those that were received first are still in the cache when somebody looks at them.
TEST(much_is_received_in_several_goes_and_the_queue_says_that_there_is_more) {
  constexpr uint32_t kStreams = 32, kEach = 16384, kMost = 160 << 10;
  TestQueue queue(64);
  SocketPair pairs[kStreams];
  for (SocketPair& pair : pairs) {
    queue.add(naio_event(pair.a));
    pair.say(std::string(kEach, 'x'));
  }
  uint32_t bytes = 0, goes = 0;
  while (bytes < kStreams * kEach) {
    pollfd readable = {queue.fd(), POLLIN, 0};
    CHECK_EQ(poll(&readable, 1, 0), 1);
    uint32_t before = bytes;
    for (const ukevent& event : queue.read()) bytes += length(event);
    CHECK(bytes > before && bytes - before <= kMost);
    goes++;
  }
  CHECK(goes >= kStreams * kEach / kMost);
  CHECK(queue.idle());
}

TEST(with_every_block_in_use_bytes_stay_in_the_kernel_until_one_is_free) {
  for (uint32_t flags : {uint32_t{0}, uint32_t{KEVENT_REQ_ET}, uint32_t{KEVENT_REQ_ONESHOT}}) {
    TestQueue queue(64);
    CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 2), 0);
    SocketPair pairs[4];
    for (SocketPair& pair : pairs) {
      CHECK_EQ(queue.add(naio_event(pair.a, kRecv, flags)), 0);
      pair.say(std::string(kBlock, 'x'));
    }
    CHECK_EQ(queue.read().size(), 2u);
    uint64_t collects = queue.stats().collects;
    kevent_timespec soon = {0, 20000000};
    CHECK_EQ(queue.wait(1, &soon), 0);
    CHECK(queue.stats().collects - collects < 10);
    // Others are served meanwhile.
    CHECK_EQ(queue.add(user_event(1, KEVENT_REQ_READY)), 0);
    CHECK_EQ(queue.read().size(), 1u);
    CHECK_EQ(queue.commit_read(), 3);
    std::vector<ukevent> rest = queue.read();
    CHECK_EQ(rest.size(), 2u);
    for (const ukevent& event : rest) CHECK_EQ(length(event), kBlock);
    queue.commit_read();
    CHECK(queue.idle());
  }
}

TEST(a_kevent_that_waits_for_space_can_be_removed_and_modified) {
  TestQueue queue(64);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 1), 0);
  SocketPair pairs[3];
  for (SocketPair& pair : pairs) {
    queue.add(naio_event(pair.a));
    pair.say(std::string(kBlock, 'x'));
  }
  CHECK_EQ(queue.read().size(), 1u);
  CHECK(queue.idle());  // ... and now they wait
  CHECK_EQ(queue.remove(naio_event(pairs[1].a)), 0);
  CHECK_EQ(queue.modify(naio_event(pairs[2].a, kRecv | kSend)), 0);
  std::vector<ukevent> events = queue.read();
  CHECK_EQ(events.size(), 1u);
  CHECK_EQ(what(events[0]), kSend);
  CHECK_EQ(queue.commit_read(), 2);
  events = queue.read();
  CHECK_EQ(events.size(), 1u);
  CHECK_EQ(what(events[0]), kRecv | kSend);
  CHECK_EQ(length(events[0]), kBlock);
}

TEST(a_wait_without_taking_loses_nothing) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  pair.say("kept");
  CHECK_EQ(queue.wait(0), 0);  // something is ready: received, and not delivered
  pair.say("!");
  CHECK_EQ(queue.modify(naio_event(pair.a, kRecv | kSend)), 0);
  CHECK_EQ(bytes_of(queue, queue.next()), "kept");
  CHECK_EQ(bytes_of(queue, queue.next()), "!");
  queue.modify(naio_event(pair.a));
  pair.say("gone");
  CHECK_EQ(queue.wait(0), 0);
  CHECK_EQ(queue.remove(naio_event(pair.a)), 0);
  CHECK(queue.idle());
  // The block was given back: it is filled from its beginning.
  queue.add(naio_event(pair.a));
  pair.say("new");
  CHECK_EQ(offset(queue.next()), 0u);
}

TEST(without_a_ring_a_block_is_in_use_until_the_reader_comes_back) {
  TestQueue queue(0);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 1), 0);
  SocketPair pair;
  queue.add(naio_event(pair.a));
  pair.say("one");
  ukevent event;
  CHECK_EQ(queue.get(&event), 1);
  CHECK_EQ(bytes_of(queue, event), "one");
  pair.say("two");
  ukevent next;
  CHECK_EQ(queue.get(&next), 1);
  CHECK_EQ(offset(next), 0u);
  CHECK_EQ(bytes_of(queue, next), "two");
  Held kept(queue.fd(), 0, true);
  for (int i = 0; i < 3; i++) {
    pair.say(std::string(kBlock - 16, 'x'));
    CHECK_EQ(queue.get(&event), 1);
  }
  CHECK_EQ(kept.bytes(next), "two");
}

TEST(a_kept_block_stays_as_it_is_under_more_traffic_and_after_the_close) {
  TestQueue queue;
  SocketPair pair;
  queue.add(naio_event(pair.a));
  pair.say("keep me");
  ukevent event = queue.read_one();
  Held kept(queue.fd(), block(event), true);
  queue.commit_read();
  for (int i = 0; i < 100; i++) {
    pair.say(std::string(5000, 'x'));
    queue.next();
  }
  CHECK_EQ(kept.bytes(event), "keep me");
  queue.close();
  CHECK_EQ(kept.bytes(event), "keep me");
}

TEST(memory_is_bounded_and_counted) {
  TestQueue queue(64);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 4), 0);
  SocketPair pairs[16];
  for (SocketPair& pair : pairs) {
    queue.add(naio_event(pair.a));
    pair.say(std::string(2 * kBlock, 'x'));
  }
  uint64_t before = queue.stats().memory;
  CHECK_EQ(queue.read().size(), 4u);
  uint64_t after = queue.stats().memory;
  CHECK(after - before >= 4 * kBlock);
  CHECK(after - before < 5 * kBlock);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 4), -EBUSY);
}

TEST(a_pipe_is_read_if_it_is_non_blocking) {
  TestQueue queue;
  int fds[2];
  CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  CHECK_EQ(queue.add(naio_event(fds[0])), -EINVAL);
  CHECK_EQ(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  CHECK_EQ(queue.add(naio_event(fds[0])), 0);
  CHECK_EQ(write(fds[1], "piped", 5), 5);
  CHECK_EQ(bytes_of(queue, queue.next()), "piped");
  close(fds[1]);
  ukevent event = queue.next();
  check_end(event);
  CHECK(what(event) & KEVENT_SOCKET_HUP);
  CHECK(queue.idle());
  close(fds[0]);
}

// A pipe's number became another, blocking, pipe's: nothing is read, and nobody waits.
TEST(a_number_that_was_given_out_again_does_not_make_the_queue_wait) {
  TestQueue queue;
  int fds[2], others[2];
  CHECK_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
  CHECK_EQ(pipe2(others, O_CLOEXEC), 0);
  queue.add(naio_event(fds[0]));
  int kept_open = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
  CHECK_EQ(dup3(others[0], fds[0], O_CLOEXEC), fds[0]);
  CHECK_EQ(write(fds[1], "x", 1), 1);
  CHECK(queue.idle());
  for (int fd : {fds[0], fds[1], others[0], others[1], kept_open}) close(fd);
}

TEST(one_that_has_received_when_its_number_is_given_out_again_gives_its_block_back) {
  for (bool removed : {false, true}) {
    TestQueue queue;
    SocketPair pair, other;
    queue.add(naio_event(pair.a));
    pair.say("never delivered");
    CHECK_EQ(queue.wait(0), 0);  // received
    CHECK_EQ(dup3(other.a, pair.a, O_CLOEXEC), pair.a);
    ukevent successor = request(KEVENT_NAIO, static_cast<uint64_t>(pair.a), kRecv, 0, 1);
    CHECK_EQ(queue.add(successor), 0);
    if (removed) {
      CHECK_EQ(queue.remove(naio_event(pair.a)), 0);
    } else {
      ukevent broken = queue.next();
      CHECK_EQ(broken.user[0], 0u);
      CHECK_EQ(broken.ret_flags, KEVENT_RET_BROKEN | KEVENT_RET_DONE);
      CHECK_EQ(static_cast<int>(broken.ret_data[1]), -EBADF);
    }
    other.say("its successor's");
    ukevent event = queue.next();
    CHECK_EQ(event.user[0], 1u);
    CHECK_EQ(bytes_of(queue, event), "its successor's");
    CHECK_EQ(offset(event), 0u);
  }
}

TEST(only_streams_are_taken) {
  TestQueue queue;
  int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CHECK_EQ(queue.add(naio_event(datagrams)), -EINVAL);
  close(datagrams);
  CHECK_EQ(queue.add(naio_event(datagrams)), -EBADF);
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CHECK_EQ(queue.add(naio_event(file)), -ENOTSOCK);
  close(file);
  CHECK_EQ(queue.add(request(KEVENT_NAIO, 1ull << 32, kRecv)), -EBADF);
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(two_threads_receive_every_byte_once) {
  TestQueue queue(16);
  CHECK_EQ(kevent_naio_slab(queue.fd(), kBlock, 3), 0);
  constexpr int kPairs = 8;
  constexpr size_t kBytes = 200000;
  SocketPair pairs[kPairs];
  for (SocketPair& pair : pairs) queue.add(naio_event(pair.a));
  std::atomic<size_t> received{0};
  auto consume = [&] {
    int consumer = kevent_consumer_open(queue.fd(), nullptr, nullptr);
    CHECK(consumer >= 0);
    while (received < kPairs * kBytes) {
      kevent_run run;
      kevent_timespec slice = {0, 10000000};
      int count = kevent_claim(queue.fd(), consumer, 4, &slice, 0, &run);
      CHECK(count >= 0);
      for (int i = 0; i < count; i++) {
        const ukevent& event = queue.slot(run.position + static_cast<uint64_t>(i));
        for (char byte : bytes_of(queue, event)) CHECK_EQ(byte, 'x');
        received += length(event);
      }
      if (count > 0) CHECK(kevent_finish(queue.fd(), consumer, run.position, static_cast<uint32_t>(count)) >= 0);
    }
    CHECK_EQ(kevent_consumer_close(queue.fd(), consumer), 0);
  };
  std::thread one(consume), two(consume);
  std::string chunk(1000, 'x');
  size_t sent[kPairs] = {};
  for (bool more = true; more;) {
    more = false;
    for (int i = 0; i < kPairs; i++) {
      if (sent[i] == kBytes) continue;
      more = true;
      ssize_t length = write(pairs[i].b, chunk.data(), std::min(chunk.size(), kBytes - sent[i]));
      if (length > 0) sent[i] += static_cast<size_t>(length);
    }
  }
  one.join();
  two.join();
  CHECK_EQ(received.load(), kPairs * kBytes);
}

TEST(bad_NAIO_calls_are_answered) {
  TestQueue queue;
  void* memory;
  uint32_t size;
  CHECK_EQ(kevent_naio_slab(queue.fd(), 5000, 1), -EINVAL);
  CHECK_EQ(kevent_naio_slab(-1, kBlock, 1), -EBADF);
  CHECK_EQ(kevent_naio_hold(queue.fd(), 0, 0, &memory, &size), -ENOENT);
  CHECK_EQ(kevent_naio_hold(queue.fd(), 0, 0, nullptr, &size), -EFAULT);
  CHECK_EQ(kevent_naio_hold(queue.fd(), 0, 0, &memory, nullptr), -EFAULT);
  CHECK_EQ(kevent_naio_hold(-1, 0, 0, &memory, &size), -EBADF);
}

}  // namespace
