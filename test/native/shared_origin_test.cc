// Several queues on one origin: by default one of them gets the event, with WAKEUP_ALL all do.
#include <poll.h>
#include <sys/socket.h>

#include <deque>

#include "caller.h"
#include "socket_pair.h"
#include "test_queue.h"

namespace {

constexpr uint32_t kRecv = KEVENT_SOCKET_RECV;

struct Socket : SocketPair {
  ukevent kevent(uint32_t req_flags = 0, uint32_t event = kRecv) const {
    return request(KEVENT_SOCKET, static_cast<uint64_t>(a), event, req_flags);
  }
  void arrive() const { say("x"); }
  void drain() const {
    char bytes[65536];
    while (read(a, bytes, sizeof bytes) > 0) continue;
  }
};

TEST(an_event_goes_to_one_of_two_queues) {
  for (uint32_t flags : {uint32_t{0}, uint32_t{KEVENT_REQ_ET}, uint32_t{KEVENT_REQ_ONESHOT}}) {
    TestQueue one, two;
    Socket socket;
    CHECK_EQ(one.add(socket.kevent(flags)), 0);
    CHECK_EQ(two.add(socket.kevent(flags)), 0);
    socket.arrive();
    CHECK_EQ(one.read_one().ret_data[0], kRecv);
    CHECK(two.idle());
    CHECK(two.idle());
    // Read before it is given back: there is nothing left for the other.
    socket.drain();
    CHECK_EQ(one.commit_read(), 1);
    CHECK(two.idle());
    CHECK(one.idle());
  }
}

TEST(what_one_queue_leaves_unread_another_gets) {
  TestQueue one, two;
  Socket socket;
  one.add(socket.kevent());
  two.add(socket.kevent());
  socket.arrive();
  one.read_one();
  CHECK(two.idle());
  CHECK_EQ(one.commit_read(), 1);
  CHECK_EQ(two.read_one().ret_data[0], kRecv);
  CHECK(one.idle());
  socket.drain();
  CHECK_EQ(two.commit_read(), 1);
  CHECK(one.idle());
  CHECK(two.idle());
  socket.arrive();
  CHECK_EQ(two.read_one().ret_data[0], kRecv);
  CHECK(one.idle());
}

TEST(one_of_two_sleeping_queues_is_served) {
  TestQueue one, two;
  Socket socket;
  one.add(socket.kevent());
  two.add(socket.kevent());
  for (int round = 0; round < 20; round++) {
    std::deque<Caller> callers;
    for (TestQueue* queue : {&one, &two}) {
      callers.emplace_back([queue] { return queue->wait(1, &kPatience); });
      callers.back().until_asleep();
    }
    socket.arrive();
    eventually([&] { return callers[0].returned() || callers[1].returned(); });
    int winner = callers[0].returned() ? 0 : 1;
    callers[static_cast<size_t>(1 - winner)].until_asleep();
    socket.drain();
    TestQueue& served = winner == 0 ? one : two;
    CHECK_EQ(served.commit(served.stats().head), 1);
    callers[static_cast<size_t>(1 - winner)].until_asleep();
    (winner == 0 ? two : one).wake();
    CHECK_EQ(callers[static_cast<size_t>(winner)].result(), 1);
    CHECK_EQ(callers[static_cast<size_t>(1 - winner)].result(), 0);
  }
}

TEST(with_WAKEUP_ALL_every_queue_gets_the_event) {
  TestQueue one, two, three;
  Socket socket;
  for (TestQueue* queue : {&one, &two, &three}) CHECK_EQ(queue->add(socket.kevent(KEVENT_REQ_WAKEUP_ALL)), 0);
  socket.arrive();
  for (TestQueue* queue : {&one, &two, &three}) CHECK_EQ(queue->read_one().ret_data[0], kRecv);
  socket.drain();
  for (TestQueue* queue : {&one, &two, &three}) {
    CHECK_EQ(queue->commit_read(), 1);
    CHECK(queue->idle());
  }
}

TEST(WAKEUP_ALL_in_one_queue_takes_nothing_from_the_others) {
  TestQueue all, one, two;
  Socket socket;
  all.add(socket.kevent(KEVENT_REQ_WAKEUP_ALL));
  one.add(socket.kevent());
  two.add(socket.kevent());
  socket.arrive();
  CHECK_EQ(one.read_one().ret_data[0], kRecv);
  CHECK_EQ(all.read_one().ret_data[0], kRecv);
  CHECK(two.idle());
}

TEST(a_queue_that_is_closed_or_whose_kevent_is_removed_hands_the_event_on) {
  for (bool close : {true, false}) {
    TestQueue one, two;
    Socket socket;
    one.add(socket.kevent());
    two.add(socket.kevent());
    socket.arrive();
    one.read_one();
    CHECK(two.idle());
    Caller caller([&] { return two.wait(1, &kPatience); });
    caller.until_asleep();
    if (close) {
      one.close();
    } else {
      CHECK_EQ(one.remove(socket.kevent()), 0);
    }
    CHECK_EQ(caller.result(), 1);
  }
}

TEST(a_queue_without_a_ring_holds_the_event_until_its_next_call) {
  TestQueue one(0), two(0);
  Socket socket;
  one.add(socket.kevent());
  two.add(socket.kevent());
  socket.arrive();
  ukevent event;
  CHECK_EQ(one.get(&event), 1);
  CHECK(two.idle());
  socket.drain();
  CHECK(one.idle());
  CHECK(two.idle());
}

TEST(B35_different_interests_in_different_queues_do_not_keep_each_other_back) {
  TestQueue reader, writer;
  Socket socket;
  char bytes[4096] = {};
  while (write(socket.a, bytes, sizeof bytes) > 0) continue;
  CHECK_EQ(reader.add(socket.kevent(0, kRecv)), 0);
  CHECK_EQ(writer.add(socket.kevent(0, KEVENT_SOCKET_SEND)), 0);
  while (read(socket.b, bytes, sizeof bytes) > 0) continue;
  socket.arrive();
  CHECK_EQ(reader.read_one().ret_data[0], kRecv);
  CHECK_EQ(writer.read_one().ret_data[0], KEVENT_SOCKET_SEND);
}

TEST(B19_a_hang_up_reaches_every_queue_in_turn) {
  TestQueue one, two, three;
  Socket socket;
  for (TestQueue* queue : {&one, &two, &three}) queue->add(socket.kevent());
  CHECK_EQ(shutdown(socket.b, SHUT_RDWR), 0);
  // Level: it holds for good, so as each gives it back another gets it.
  bool seen[3] = {};
  TestQueue* queues[3] = {&one, &two, &three};
  while (!(seen[0] && seen[1] && seen[2])) {
    int told = 0;
    for (int i = 0; i < 3; i++) {
      if (queues[i]->wait(1) == 0) continue;
      told++;
      seen[i] = true;
      queues[i]->commit(queues[i]->stats().head);
      CHECK_EQ(queues[i]->remove(socket.kevent()), 0);
    }
    CHECK(told > 0);
  }
}

TEST(every_byte_is_read_once_by_threads_of_two_queues) {
  constexpr uint32_t kBytes = 3000;
  TestQueue one, two;
  Socket socket;
  std::atomic<uint32_t> read_bytes{0}, wasted{0};
  std::atomic<bool> stop{false};
  auto consume = [&](TestQueue& queue) {
    CHECK_EQ(queue.add(socket.kevent(KEVENT_REQ_ALWAYS_QUEUE)), 0);
    while (!stop) {
      if (queue.wait(1, &kPatience) == 0) continue;
      char byte;
      ssize_t got = read(socket.a, &byte, 1);
      got == 1 ? read_bytes++ : wasted++;
      queue.commit(queue.stats().head);
    }
    return 0;
  };
  Caller first([&] { return consume(one); }), second([&] { return consume(two); });
  for (uint32_t i = 0; i < kBytes; i++) {
    socket.arrive();
    if (i % 16 == 0) eventually([&] { return read_bytes + 64 > i; });
  }
  eventually([&] { return read_bytes == kBytes; });
  CHECK_EQ(wasted.load(), 0u);
  stop = true;
  one.wake();
  two.wake();
}

}  // namespace
