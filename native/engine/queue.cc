#include "queue.h"

#include <cerrno>
#include <cstring>

#include "origins/origin.h"
#include "shared_descriptors.h"

namespace kevent {

Queue::~Queue() {
  if (!closed_) close();
}

int Queue::open(kevent_ring* ring, uint32_t size) {
  int error = Ring::check(ring, size);
  if (error < 0) return error;
  error = epoll_.open();
  if (error < 0) return error;
  return size ? ring_.open(ring, size) : 0;
}

void Queue::close() {
  Lock lock(mutex_);
  closed_ = true;
  ring_.detach();
  for (uint32_t index = 0; index < table_.places(); index++) {
    Kevent& kevent = table_.at(index);
    if (kevent.is(Kevent::kLive)) discard(kevent);
  }
  SharedDescriptors::instance().leave_all(this);
  for (Waiter* waiter = waiters_.first(); waiter; waiter = waiter->next) {
    if (!waiter->leader) Waiters::wake(*waiter);
  }
  signalled_ = false;
  signal();
  tell_all();
  // A listener is not called again: whoever closes one from now on finds no queue.
  consumers_.clear();
  observers_.clear();
  epoll_.close_public();
}

void Queue::abandon() {
  {
    Lock lock(mutex_);
    epoll_.forget_public();
  }
  close();
}

int Queue::commit(uint32_t new_uidx, uint32_t over) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (!ring_.exists()) return -EINVAL;
  uint64_t position;
  int outcome = ring_.resolve(new_uidx, over, &position);
  if (outcome <= 0) return outcome;
  uint32_t freed = ring_.commit(position, [this](const SlotOwner& owner) { slot_done(owner); });
  if (freed) room_was_made();
  return static_cast<int>(freed);
}

int Queue::open_consumer(void (*notify)(void*), void* context) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (!ring_.exists()) return -EINVAL;
  int consumer = ring_.open_consumer();
  if (consumer < 0) return consumer;
  size_t number = static_cast<size_t>(consumer);
  if (consumers_.size() <= number) consumers_.resize(number + 1, Listener{});
  consumers_[number] = {notify, context, false, false, true};
  return consumer;
}

int Queue::close_consumer(int consumer) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (!ring_.has_consumer(consumer)) return -EINVAL;
  consumers_[static_cast<size_t>(consumer)] = {};
  ring_.close_consumer(consumer, [this](const SlotOwner& owner) { slot_done(owner); });
  // What it had not finished is there for the others; so is the room that it held.
  for (Listener& other : consumers_) tell(other);
  for (Waiter* waiter = waiters_.first(); waiter; waiter = waiter->next) {
    if (!waiter->leader) Waiters::wake(*waiter);
  }
  signal();
  room_was_made();
  return 0;
}

int Queue::finish(int consumer, uint64_t position, uint32_t count) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (!ring_.has_consumer(consumer)) return -EINVAL;
  int freed = ring_.finish(consumer, position, count, [this](const SlotOwner& owner) { slot_done(owner); });
  if (freed < 0) return -EINVAL;
  room_was_made();
  return freed;
}

int Queue::open_observer(void (*notify)(void*), void* context) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (!notify) return -EINVAL;
  for (size_t i = 0; i < observers_.size(); i++) {
    if (observers_[i].notify) continue;
    observers_[i] = {notify, context, false, false, false};
    return static_cast<int>(i);
  }
  if (observers_.size() >= kMaxObservers) return -EUSERS;
  observers_.push_back({notify, context, false, false, false});
  return static_cast<int>(observers_.size() - 1);
}

int Queue::close_observer(int observer) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  size_t number = static_cast<size_t>(observer);
  if (observer < 0 || number >= observers_.size() || !observers_[number].notify) return -EINVAL;
  observers_[number] = {};
  return 0;
}

int Queue::payload(uint32_t handle, void* buf, uint32_t size) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  const std::vector<char>* bytes = payloads_.get(handle);
  if (!bytes) return -ENOENT;
  if (size && !buf) return -EFAULT;
  if (size) memcpy(buf, bytes->data(), size < bytes->size() ? size : bytes->size());
  return static_cast<int>(bytes->size());
}

int Queue::watch_inode(const char* path, uint32_t mask) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return inodes_.watch(*this, path, mask);
}

int Queue::unwatch_inode(int wd) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return inodes_.unwatch(wd);
}

int Queue::new_inode_group() {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return inodes_.new_group();
}

int Queue::watch_inode_for(int group, const char* path, uint32_t mask) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return inodes_.watch_for(*this, group, path, mask);
}

int Queue::unwatch_inode_for(int group, int wd) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return inodes_.unwatch_for(group, wd);
}

int Queue::gather_inodes(uint32_t microseconds) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return inodes_.gather(*this, microseconds);
}

int Queue::hurry_inodes() {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  inodes_.hurry(*this);
  return 0;
}

int Queue::inode_backlog(int group) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return inodes_.backlog(*this, group);
}

int Queue::configure_slab(uint32_t block_size, uint32_t blocks) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  return naio_.slab().configure(block_size, blocks);
}

int Queue::hold_block(uint32_t block, bool keep, void** memory, uint32_t* size) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (!memory || !size) return -EFAULT;
  return naio_.slab().hold(block, keep, memory, size);
}

int Queue::loop_fd() {
  Lock lock(mutex_);
  return closed_ ? -EBADF : epoll_.loop_fd();
}

int Queue::statistics(kevent_statistics* out) {
  Lock lock(mutex_);
  if (closed_) return -EBADF;
  if (!out) return -EFAULT;
  *out = {};
  out->total = total_;
  out->immediate = immediate_;
  out->delivered = delivered_;
  out->ring = to_ring_;
  out->muted = muted_;
  out->wakeups = wakeups_;
  out->collects = collects_;
  out->kevents = table_.size();
  out->ready = ready_.size();
  out->head = ring_.head();
  out->tail = ring_.tail();
  out->memory = sizeof *this + table_.memory() + ring_.memory() + epoll_.memory() + timers_.memory() +
                payloads_.bytes() + naio_.memory();
  return 0;
}

}  // namespace kevent
