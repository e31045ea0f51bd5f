// Names and kinds of what is in a directory, in one call.
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fd.h"
#include "kevent.h"

namespace {

// What the kernel fills; the C library's readdir would allocate for each directory.
struct Entry {
  uint64_t inode;
  int64_t next;
  uint16_t bytes;
  uint8_t type;
  char name[];
};

bool is_dots(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

// Not every filesystem says so with the name.
bool is_directory(int directory, const Entry& entry) {
  if (entry.type != DT_UNKNOWN) return entry.type == DT_DIR;
  return kevent::Fd(openat(directory, entry.name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)).valid();
}

}  // namespace

extern "C" int kevent_directory_read(const char* path, char* buf, uint32_t size) {
  if (!path || (size > 0 && !buf)) return -EFAULT;
  kevent::Fd directory(open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!directory.valid()) return -errno;
  alignas(Entry) char entries[32 * 1024];
  uint64_t length = 0;
  for (;;) {
    long bytes = syscall(SYS_getdents64, directory.get(), entries, sizeof entries);
    if (bytes < 0) return -errno;
    if (bytes == 0) return static_cast<int>(length);
    for (long at = 0; at < bytes;) {
      const auto& entry = *reinterpret_cast<const Entry*>(entries + at);
      at += entry.bytes;
      if (is_dots(entry.name)) continue;
      size_t name = strlen(entry.name) + 1;
      if (length + 1 + name <= size) {
        buf[length] = is_directory(directory.get(), entry) ? 'd' : '-';
        memcpy(buf + length + 1, entry.name, name);
      }
      length += 1 + name;
      if (length > INT32_MAX) return -EOVERFLOW;
    }
  }
}
