// The INODE kevents of one queue: its inotify instance, and what each watch has reported.
#pragma once

#include <unordered_map>
#include <vector>

#include "kevent_node.h"
#include "pollers/inotify.h"

namespace kevent {

class Queue;

// Records that have come and are not yet delivered, as kevent_inode_record after kevent_inode_record.
struct InodeExtra : Extra {
  std::vector<char> records;
  uint32_t mask = 0;  // of all of them
};

class Inodes {
 public:
  int watch(Queue& queue, const char* path, uint32_t mask);
  int unwatch(int wd);

  int start(Queue& queue, Kevent& kevent);
  void stop(Queue& queue, Kevent& kevent);
  void collect(Queue& queue);
  // Bytes were delivered or given back: go on reading if we had stopped.
  void relieve(Queue& queue);
  // The kevent's records leave: to a payload, or with it.
  std::vector<char> take(Kevent& kevent);

 private:
  struct Watch {
    std::vector<uint32_t> kevents;
    InodeExtra early;  // for the first kevent: what came before it
  };
  struct Record {
    uint32_t mask;
    uint32_t cookie;
    const char* name;
    uint32_t length;
  };

  void append(InodeExtra& extra, const Record& record);
  void report(Queue& queue, Watch& watch, const Record& record);
  void record(Queue& queue, int wd, const Record& record);

  Inotify inotify_;
  std::unordered_map<int, Watch> watches_;
  size_t undelivered_ = 0;  // bytes
  bool stopped_ = false;    // too many: the kernel holds the rest, and says so if it overflows
};

}  // namespace kevent
