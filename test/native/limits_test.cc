// Where the numbers are large, or the system has no more to give: an answer, and nothing is lost.
#include <stdlib.h>
#include <unistd.h>

#include <vector>

#include "test_queue.h"

using check::TestQueue;

TEST(a_million_kevents_are_added_made_ready_delivered_and_removed) {
  constexpr uint32_t kMillion = 1000000;
  TestQueue queue(4096);
  std::vector<ukevent> entries;
  for (uint32_t id = 0; id < kMillion; id++) entries.push_back(user_event(id));
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_ADD, kMillion, entries.data()), static_cast<int>(kMillion));
  CHECK_EQ(queue.stats().kevents, kMillion);
  CHECK(queue.stats().memory < uint64_t{256} * kMillion);
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_READY, kMillion, entries.data()), static_cast<int>(kMillion));
  // In the order in which they became ready.
  for (uint64_t next = 0; next < kMillion; next = queue.stats().head) {
    int moved = queue.wait(4096);
    CHECK(moved > 0);
    for (uint64_t at = next; at < next + static_cast<uint64_t>(moved); at++) CHECK_EQ(queue.slot(at).id.raw_u64, at);
    CHECK_EQ(queue.commit(next + static_cast<uint64_t>(moved)), moved);
  }
  CHECK_EQ(kevent_ctl(queue.fd(), KEVENT_CTL_REMOVE, kMillion, entries.data()), static_cast<int>(kMillion));
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(running_out_of_inotify_instances_is_told_and_passes) {
  constexpr size_t kMany = 20000;  // more than any user may have instances, or processes descriptors
  std::vector<std::unique_ptr<TestQueue>> queues;
  int result = 0;
  while (result >= 0 && queues.size() < kMany) {
    queues.push_back(std::make_unique<TestQueue>(0));
    result = kevent_inode_watch(queues.back()->fd(), "/", KEVENT_INODE_CREATE);
  }
  CHECK_EQ(result, -EMFILE);
  // The queue that got none serves other kinds of events, and watches once another has let go.
  CHECK_EQ(queues.back()->add(user_event(1, KEVENT_REQ_READY)), 0);
  ukevent event;
  CHECK_EQ(queues.back()->get(&event), 1);
  queues.front()->close();
  CHECK(kevent_inode_watch(queues.back()->fd(), "/", KEVENT_INODE_CREATE) > 0);
}
