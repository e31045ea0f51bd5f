// A queue's loop fd, watched by this thread's event loop.
#pragma once

#include <memory>

#include "driver.h"
#include "queues.h"

namespace kevent::binding {

class Instance;

class LoopWatch {
 public:
  LoopWatch() = default;
  ~LoopWatch() { close(); }
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;

  // registers(fd, watch) makes the engine ring the watch; both happen while nobody can close the queue.
  // What it returns, or a negative errno; then nothing is open.
  template <typename Register>
  int open(Instance& instance, std::shared_ptr<OpenQueue> queue, WatchListener* listener, Register registers) {
    queue_ = std::move(queue);
    return Queues::with(*queue_, [&](int fd) {
      int result = open_watch(instance, fd, listener);
      if (result == 0) result = registers(fd, static_cast<void*>(watch_));
      if (result < 0) close();
      return result;
    });
  }
  // unregisters(fd) makes the engine forget the watch. If another thread is closing the queue, and
  // perhaps ringing at this moment, this waits until it is done.
  template <typename Unregister>
  void close(Unregister unregisters) {
    if (!watch_) return;
    Queues::with(*queue_, unregisters);
    close();
  }

  bool is_open() const { return watch_ != nullptr; }
  bool usable() const { return watch_ != nullptr && !queue_->closed(); }
  Watch* operator->() const { return watch_; }
  // The engine may have put another set in the place of the one that we watch; it rings when it has.
  int follow();

  // What the engine calls to ring.
  static void ring(void* watch) { static_cast<Watch*>(watch)->ring(); }

 private:
  int open_watch(Instance& instance, int fd, WatchListener* listener);
  void close();

  std::shared_ptr<OpenQueue> queue_;
  Watch* watch_ = nullptr;
  int loop_fd_ = -1;  // the engine's number for what we watch
};

}  // namespace kevent::binding
