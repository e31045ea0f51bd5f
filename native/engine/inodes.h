// The INODE kevents of one queue: its inotify instance, and what each watch has reported.
#pragma once

#include <unordered_map>
#include <vector>

#include "fd.h"
#include "kevent_node.h"
#include "pollers/inotify.h"

namespace kevent {

class Queue;

// Records that have come and are not yet delivered, as kevent_inode_record after kevent_inode_record.
struct InodeExtra : Extra {
  std::vector<char> records;
  uint32_t mask = 0;        // of all of them
  bool group = false;
  bool overflowed = false;  // a group: the last record says so, and what comes after it is dropped
};

class Inodes {
 public:
  int watch(Queue& queue, const char* path, uint32_t mask);
  int unwatch(int wd);
  // Groups: see kevent.h.
  int new_group();
  int watch_for(Queue& queue, int group, const char* path, uint32_t mask);
  int unwatch_for(int group, int wd);
  int backlog(Queue& queue, int group) const;
  int gather(Queue& queue, uint32_t microseconds);
  void hurry(Queue& queue);

  int start(Queue& queue, Kevent& kevent);
  void stop(Queue& queue, Kevent& kevent);
  void collect(Queue& queue);
  // The first record has waited long enough.
  void gathered(Queue& queue);
  // Bytes were delivered or given back: go on reading if we had stopped.
  void relieve(Queue& queue);
  // The kevent's records leave: to a payload, or with it.
  std::vector<char> take(Kevent& kevent);

 private:
  struct Watch {
    std::vector<uint32_t> kevents;
    std::vector<uint32_t> groups;
    bool asked = false;  // by watch(): it has kevents of its own, or waits for the first
    InodeExtra early;    // for the first kevent: what came before it

    bool awaits_first() const { return asked && kevents.empty(); }
  };
  using Watches = std::unordered_map<int, Watch>;
  struct Record {
    int wd;
    uint32_t mask;
    uint32_t cookie;
    const char* name;
    uint32_t length;
  };

  int open(Queue& queue);
  void read(Queue& queue);
  int start_group(Kevent& kevent);
  void drop_if_unused(Watches::iterator watch);
  void append(InodeExtra& extra, const Record& record);
  void report(Queue& queue, Watch& watch, const Record& record);
  void report_to(Queue& queue, uint32_t index, const Record& record);
  void record(Queue& queue, const Record& record);

  Inotify inotify_;
  Watches watches_;
  std::unordered_map<int, uint32_t> groups_;  // the kevent of each
  int last_group_ = 0;
  size_t undelivered_ = 0;  // bytes
  bool stopped_ = false;    // too many: the kernel holds the rest, and says so if it overflows

  Fd gather_timer_;
  uint32_t gather_us_ = 0;
  uint64_t wait_ns_ = 0;    // of the last burst
  uint64_t read_ns_ = 0;    // when that was over
  bool gathering_ = false;  // records wait in the kernel, and the timer runs
  bool at_once_ = false;    // the next ones do not wait
};

}  // namespace kevent
