// The queues of this process, by file descriptor. A call holds its queue until it returns, so one
// thread may close a queue while others are in it.
#pragma once

#include <memory>

#include "kevent.h"

namespace kevent {

class Queue;

// nullptr and *error: -EBADF (not an open fd), -EINVAL (not a queue).
std::shared_ptr<Queue> find_queue(int fd, int* error);
// 0, or -EMFILE if the number is beyond what we keep.
int register_queue(int fd, std::shared_ptr<Queue> queue);
std::shared_ptr<Queue> unregister_queue(int fd, int* error);

}  // namespace kevent
