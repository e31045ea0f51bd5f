#include "queues.h"

#include <cerrno>
#include <unordered_map>

namespace kevent::binding {
namespace {

using Table = std::unordered_map<int, std::shared_ptr<OpenQueue>>;

// Never destroyed: workers still run when process.exit() runs the destructors of statics.
Table& table() {
  static Table& instance = *new Table();
  return instance;
}

}  // namespace

std::mutex& Queues::mutex() {
  static std::mutex& instance = *new std::mutex();
  return instance;
}

int Queues::open(const Memory& ring, uint32_t size, uint32_t flags, std::shared_ptr<OpenQueue>* queue) {
  std::lock_guard<std::mutex> lock(mutex());
  int fd = kevent_init(static_cast<kevent_ring*>(ring.data), size, flags);
  if (fd < 0) return fd;
  *queue = std::make_shared<OpenQueue>(fd, ring);
  std::shared_ptr<OpenQueue>& place = table()[fd];
  // Somebody closed a queue's fd with close(2), and the number has come back.
  if (place) place->closed_.store(true, std::memory_order_release);
  place = *queue;
  return fd;
}

int Queues::share(int fd, const Memory& ring, std::shared_ptr<OpenQueue>* queue) {
  std::lock_guard<std::mutex> lock(mutex());
  auto found = table().find(fd);
  if (found == table().end()) return -EBADF;
  // Each thread has a SharedArrayBuffer object of its own, but the memory is in one place.
  if (found->second->ring_.data != ring.data) return -EINVAL;
  found->second->holders_++;
  *queue = found->second;
  return 0;
}

void Queues::release(OpenQueue& queue) {
  std::lock_guard<std::mutex> lock(mutex());
  if (--queue.holders_ == 0 && !queue.closed_) close_locked(queue);
}

int Queues::close(int fd) {
  std::lock_guard<std::mutex> lock(mutex());
  auto found = table().find(fd);
  if (found == table().end()) return kevent_close(fd);  // says which of EBADF and EINVAL it is
  std::shared_ptr<OpenQueue> queue = found->second;
  return close_locked(*queue);
}

std::shared_ptr<OpenQueue> Queues::find(int fd) {
  std::lock_guard<std::mutex> lock(mutex());
  auto found = table().find(fd);
  return found == table().end() ? nullptr : found->second;
}

int Queues::close_locked(OpenQueue& queue) {
  int fd = queue.fd_;
  queue.closed_.store(true, std::memory_order_release);
  table().erase(fd);  // may be what kept queue alive
  return kevent_close(fd);
}

}  // namespace kevent::binding
