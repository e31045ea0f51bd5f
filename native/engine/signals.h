// The SIGNAL kevents of one queue.
#pragma once

#include <vector>

#include "kevent_node.h"
#include "pollers/sigaction.h"

namespace kevent {

class Queue;

struct SignalExtra : Extra {
  SignalSubscription* subscription = nullptr;
  std::vector<kevent_signal_record> records;
};

class Signals {
 public:
  int start(Queue& queue, Kevent& kevent);
  void stop(Kevent& kevent);
  // A signal came, to some queue: take ours.
  void collect(Queue& queue);

 private:
  bool watching_ = false;  // the hub's descriptor is in our epoll set
  std::vector<uint32_t> kevents_;
};

}  // namespace kevent
