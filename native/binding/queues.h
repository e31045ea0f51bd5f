// The queues of this process and how many environments (the main thread, each worker) hold each.
//
// A queue outlives the environment that made it as long as another one shares it, and is closed
// with the last. Everything that opens or closes something by a queue's fd goes through here, under
// one lock: an fd that another thread closes at the same moment can belong to a new queue.
#pragma once

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>

#include "kevent.h"
#include "arguments.h"

namespace kevent::binding {

class OpenQueue {
 public:
  OpenQueue(int fd, Memory ring) : fd_(fd), ring_(ring) {}

  int fd() const { return fd_; }
  // Only a hint that saves work: what must not be wrong asks under the lock.
  bool closed() const { return closed_.load(std::memory_order_acquire); }

 private:
  friend class Queues;
  const int fd_;
  const Memory ring_;
  uint32_t holders_ = 1;
  std::atomic<bool> closed_{false};
};

class Queues {
 public:
  // The fd, with one holder; *queue is set only then.
  static int open(const Memory& ring, uint32_t size, uint32_t flags, std::shared_ptr<OpenQueue>* queue);
  // One holder more. -EBADF, -EINVAL (not the queue's ring).
  static int share(int fd, const Memory& ring, std::shared_ptr<OpenQueue>* queue);
  // One holder less.
  static void release(OpenQueue& queue);
  // For everyone.
  static int close(int fd);
  static std::shared_ptr<OpenQueue> find(int fd);

  // Runs body(fd) while nobody can close the queue. -EBADF if it is closed already.
  template <typename Body>
  static int with(OpenQueue& queue, Body body) {
    std::lock_guard<std::mutex> lock(mutex());
    return queue.closed_ ? -EBADF : body(queue.fd_);
  }

 private:
  static std::mutex& mutex();
  static int close_locked(OpenQueue& queue);
};

}  // namespace kevent::binding
