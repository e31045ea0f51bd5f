// Descriptors that several queues of this process watch: by default each event wakes one queue.
//
// The kernel wakes every epoll set that watches a file, and EPOLLEXCLUSIVE does not work through
// a nested set, so this is our own bookkeeping. The first queue to collect an event holds the
// descriptor, for those events, until its slot is done; the others put theirs off and are armed
// again then. As long as no descriptor is in two queues, all of it costs one load per event.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "kevent.h"

namespace kevent {

class Queue;

class SharedDescriptors {
 public:
  static SharedDescriptors& instance();

  void enter(int fd, const Queue* queue);
  // Forgets what this kevent has put off. What it holds it keeps until it is given back: a ONESHOT
  // kevent is gone long before its slot is done.
  void leave(int fd, const Queue* queue, uint32_t index);
  // The queue is closed, and gives up everything.
  void leave_all(const Queue* queue);

  bool any() const { return groups_.load(std::memory_order_acquire) != 0; }
  // alone: no other queue watches fd. shared: the event is this queue's, which now holds fd for these
  // events. not_ours: another holds it; rearm (what to tell which epoll set) is carried out when it
  // lets go.
  struct Rearm {
    int set;
    uint32_t events;
    uint32_t index;
    uint32_t generation;
  };
  enum class Taken { alone, shared, not_ours };
  Taken take(int fd, const Queue* queue, uint32_t events, const Rearm& rearm);
  void give_back(int fd, const Queue* queue, uint32_t events);
  // The queue has armed this kevent, or everything, anew.
  void forget_put_off(int fd, const Queue* queue, uint32_t index);
  void forget_put_off(const Queue* queue);

 private:
  struct Member {
    const Queue* queue;
    uint32_t kevents;  // that it has on fd
    uint32_t held;
    std::vector<Rearm> put_off;
    void forget(uint32_t index);
  };
  struct Group {
    std::vector<Member> members;
    Member* find(const Queue* queue);
    void rearm_others(int fd, const Queue* queue);
  };
  using Groups = std::unordered_map<int, Group>;
  struct Single {
    const Queue* queue = nullptr;
    uint32_t kevents = 0;
  };

  Groups::iterator settle(Groups::iterator found);

  std::mutex mutex_;
  std::vector<Single> singles_;  // by fd: descriptors that one queue watches
  Groups shared_;
  std::atomic<uint32_t> groups_{0};
};

}  // namespace kevent
