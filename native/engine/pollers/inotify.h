// The only place that knows inotify: file events, and their masks in the seed's names.
#pragma once

#include <cstdint>

#include "fd.h"

namespace kevent {

uint32_t to_inotify(uint32_t kevent_mask);
uint32_t from_inotify(uint32_t inotify_mask);

class Inotify {
 public:
  // wd -1: the kernel's queue overflowed, and events were lost there.
  using Sink = void (*)(void* context, int wd, uint32_t mask, uint32_t cookie, const char* name, uint32_t length);

  static constexpr int kRead = 64 * 1024;  // bytes that one read takes

  // 0, -EMFILE (fs.inotify.max_user_instances), -ENOMEM.
  int open();
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }
  // A wd. What the inode is watched for already stays. -EINVAL: a bit that is not KEVENT_INODE_*, or no event.
  int watch(const char* path, uint32_t kevent_mask);
  int unwatch(int wd);
  // Bytes that a read would give.
  int pending() const;
  // Passes on what one read gives, in order. Bytes read, 0 if there was nothing, or -errno.
  int read(Sink sink, void* context);

 private:
  Fd fd_;
};

}  // namespace kevent
