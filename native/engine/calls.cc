// The C face: each call finds its queue and asks it.
#include <cerrno>
#include <new>

#include "kevent.h"
#include "pollers/sigaction.h"
#include "queue.h"
#include "registry.h"

namespace {

template <class F>
int on_queue(int fd, F&& call) {
  int error = 0;
  std::shared_ptr<kevent::Queue> queue = kevent::find_queue(fd, &error);
  return queue ? call(*queue) : error;
}

}  // namespace

extern "C" {

int kevent_init(kevent_ring* ring, uint32_t ring_size, uint32_t flags) {
  if (flags != 0) return -EINVAL;
  auto queue = std::make_shared<kevent::Queue>();
  int error = queue->open(ring, ring_size);
  if (error < 0) return error;
  int fd = queue->fd();
  error = kevent::register_queue(fd, queue);
  return error < 0 ? error : fd;
}

int kevent_ctl(int fd, uint32_t cmd, uint32_t num, ukevent* arg) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.control(cmd, num, arg); });
}

int kevent_get_events(int fd, uint32_t min_nr, uint32_t max_nr, const kevent_timespec* timeout, ukevent* buf,
                      uint32_t flags) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.get_events(min_nr, max_nr, timeout, buf, flags); });
}

int kevent_wait(int fd, uint32_t num, uint32_t old_uidx, const kevent_timespec* timeout, uint32_t flags) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.wait(num, old_uidx, timeout, flags); });
}

int kevent_commit(int fd, uint32_t new_uidx, uint32_t over) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.commit(new_uidx, over); });
}

int kevent_close(int fd) {
  int error = 0;
  std::shared_ptr<kevent::Queue> queue = kevent::unregister_queue(fd, &error);
  if (!queue) return error;
  queue->close();
  return 0;
}

int kevent_consumer_open(int fd, void (*notify)(void*), void* context) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.open_consumer(notify, context); });
}

int kevent_consumer_close(int fd, int consumer) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.close_consumer(consumer); });
}

int kevent_claim(int fd, int consumer, uint32_t max, const kevent_timespec* timeout, uint32_t flags,
                 kevent_run* run) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.claim(consumer, max, timeout, flags, run); });
}

int kevent_finish(int fd, int consumer, uint64_t position, uint32_t count) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.finish(consumer, position, count); });
}

int kevent_observer_open(int fd, void (*notify)(void*), void* context) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.open_observer(notify, context); });
}

int kevent_observer_close(int fd, int observer) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.close_observer(observer); });
}

int kevent_payload(int fd, uint32_t handle, void* buf, uint32_t size) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.payload(handle, buf, size); });
}

int kevent_inode_watch(int fd, const char* path, uint32_t mask) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.watch_inode(path, mask); });
}

int kevent_inode_unwatch(int fd, int wd) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.unwatch_inode(wd); });
}

int kevent_inode_group(int fd) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.new_inode_group(); });
}

int kevent_inode_group_watch(int fd, int group, const char* path, uint32_t mask) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.watch_inode_for(group, path, mask); });
}

int kevent_inode_group_unwatch(int fd, int group, int wd) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.unwatch_inode_for(group, wd); });
}

int kevent_inode_gather(int fd, uint32_t microseconds) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.gather_inodes(microseconds); });
}

int kevent_inode_hurry(int fd) {
  return on_queue(fd, [](kevent::Queue& q) { return q.hurry_inodes(); });
}

int kevent_inode_group_backlog(int fd, int group) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.inode_backlog(group); });
}

int kevent_naio_slab(int fd, uint32_t block_size, uint32_t blocks) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.configure_slab(block_size, blocks); });
}

int kevent_naio_close(int fd, const ukevent* entry) {
  if (!entry) return -EFAULT;
  return on_queue(fd, [&](kevent::Queue& q) { return q.close_stream(*entry); });
}

int kevent_naio_hold(int fd, uint32_t block, int keep, void** memory, uint32_t* size) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.hold_block(block, keep != 0, memory, size); });
}

void kevent_naio_release(void* memory) { kevent::Slab::release(memory); }

int kevent_stats(int fd, kevent_statistics* out) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.statistics(out); });
}

int kevent_loop_fd(int fd) {
  return on_queue(fd, [&](kevent::Queue& q) { return q.loop_fd(); });
}

void kevent_signal_reassert(void) { kevent::SignalHub::instance().reassert(); }

const char* kevent_source_hash(void) {
#ifdef KEVENT_SOURCE_HASH
  return KEVENT_SOURCE_HASH;
#else
  return "";
#endif
}

}  // extern "C"
