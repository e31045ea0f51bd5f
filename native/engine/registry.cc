#include "registry.h"

#include <fcntl.h>
#include <sched.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "queue.h"

namespace kevent {
namespace {

constexpr int kPage = 256;
constexpr int kPages = 4096;  // a million descriptors, the kernel's default limit for one process

// One lock a queue, held for the length of a reference count: calls on different queues never meet.
struct Place {
  std::atomic_flag busy = ATOMIC_FLAG_INIT;
  std::shared_ptr<Queue> queue;

  void lock() {
    // Held for a few instructions, unless its holder was put off the processor: then make way.
    while (busy.test_and_set(std::memory_order_acquire)) sched_yield();
  }
  void unlock() { busy.clear(std::memory_order_release); }
};

std::atomic<Place*> pages[kPages];

Place* place_of(int fd) {
  if (fd < 0 || fd >= kPage * kPages) return nullptr;
  Place* page = pages[fd / kPage].load(std::memory_order_acquire);
  return page ? &page[fd % kPage] : nullptr;
}

int why_not(int fd) { return fcntl(fd, F_GETFD) < 0 ? -EBADF : -EINVAL; }

std::shared_ptr<Queue> exchange(Place& place, std::shared_ptr<Queue> queue) {
  place.lock();
  place.queue.swap(queue);
  place.unlock();
  return queue;
}

}  // namespace

std::shared_ptr<Queue> find_queue(int fd, int* error) {
  std::shared_ptr<Queue> queue;
  Place* place = place_of(fd);
  if (place) {
    place->lock();
    queue = place->queue;
    place->unlock();
  }
  if (!queue) *error = why_not(fd);
  return queue;
}

int register_queue(int fd, std::shared_ptr<Queue> queue) {
  if (fd < 0 || fd >= kPage * kPages) return -EMFILE;
  std::atomic<Place*>& slot = pages[fd / kPage];
  if (!slot.load(std::memory_order_acquire)) {
    Place* page = new (std::nothrow) Place[kPage];
    if (!page) return -ENOMEM;
    Place* none = nullptr;
    if (!slot.compare_exchange_strong(none, page, std::memory_order_acq_rel)) delete[] page;
  }
  // If the number was ours already, somebody closed that queue with close(2): it ends here.
  std::shared_ptr<Queue> previous = exchange(*place_of(fd), std::move(queue));
  if (previous) previous->abandon();
  return 0;
}

std::shared_ptr<Queue> unregister_queue(int fd, int* error) {
  Place* place = place_of(fd);
  std::shared_ptr<Queue> queue = place ? exchange(*place, nullptr) : nullptr;
  if (!queue) *error = why_not(fd);
  return queue;
}

}  // namespace kevent
