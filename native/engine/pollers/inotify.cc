#include "pollers/inotify.h"

#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kevent.h"

namespace kevent {
namespace {

// All but four bits have the kernel's own value.
constexpr uint32_t kSame = KEVENT_INODE_ATTRIB | KEVENT_INODE_CLOSE_WRITE | KEVENT_INODE_CLOSE_NOWRITE |
                           KEVENT_INODE_OPEN | KEVENT_INODE_MOVED_FROM | KEVENT_INODE_MOVED_TO |
                           KEVENT_INODE_DELETE_SELF | KEVENT_INODE_MOVE_SELF | KEVENT_INODE_UNMOUNT |
                           KEVENT_INODE_Q_OVERFLOW | KEVENT_INODE_IGNORED | KEVENT_INODE_ISDIR;
constexpr uint32_t kEvents = (kSame & IN_ALL_EVENTS) | KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE |
                             KEVENT_INODE_ACCESS | KEVENT_INODE_MODIFY;
constexpr uint32_t kOptions = KEVENT_INODE_ONLYDIR | KEVENT_INODE_DONT_FOLLOW | KEVENT_INODE_EXCL_UNLINK;

constexpr struct {
  uint32_t ours, kernels;
} kOther[] = {
    {KEVENT_INODE_CREATE, IN_CREATE},
    {KEVENT_INODE_REMOVE, IN_DELETE},
    {KEVENT_INODE_ACCESS, IN_ACCESS},
    {KEVENT_INODE_MODIFY, IN_MODIFY},
};

}  // namespace

uint32_t to_inotify(uint32_t kevent_mask) {
  uint32_t mask = kevent_mask & (kSame | kOptions);
  for (const auto& bit : kOther) {
    if (kevent_mask & bit.ours) mask |= bit.kernels;
  }
  return mask;
}

uint32_t from_inotify(uint32_t inotify_mask) {
  uint32_t mask = inotify_mask & kSame;
  for (const auto& bit : kOther) {
    if (inotify_mask & bit.kernels) mask |= bit.ours;
  }
  return mask;
}

int Inotify::open() {
  fd_.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  return fd_.valid() ? 0 : -errno;
}

int Inotify::watch(const char* path, uint32_t kevent_mask) {
  if (!path) return -EFAULT;
  if (kevent_mask & ~(kEvents | kOptions) || !(kevent_mask & kEvents)) return -EINVAL;
  int wd = inotify_add_watch(fd_.get(), path, to_inotify(kevent_mask) | IN_MASK_ADD);
  return wd >= 0 ? wd : -errno;
}

int Inotify::unwatch(int wd) { return inotify_rm_watch(fd_.get(), wd) == 0 ? 0 : -errno; }

int Inotify::pending() const {
  int bytes = 0;
  if (fd_.valid() && ioctl(fd_.get(), FIONREAD, &bytes) < 0) return -errno;
  return bytes;
}

int Inotify::read(Sink sink, void* context) {
  alignas(inotify_event) char buffer[kRead];
  ssize_t bytes = ::read(fd_.get(), buffer, sizeof buffer);
  if (bytes < 0) return errno == EAGAIN ? 0 : -errno;
  for (ssize_t at = 0; at < bytes;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    uint32_t length = event->len ? static_cast<uint32_t>(strnlen(event->name, event->len)) : 0;
    sink(context, event->wd, from_inotify(event->mask), event->cookie, event->name, length);
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  return static_cast<int>(bytes);
}

}  // namespace kevent
