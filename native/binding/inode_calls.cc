#include <climits>
#include <cerrno>
#include <cstring>

#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

// A path as the kernel takes it: a string in UTF-8, or bytes. 0 or a negative errno; false with a TypeError.
bool read_path(napi_env env, napi_value value, char (&path)[PATH_MAX], int* error) {
  size_t length = 0;
  *error = 0;
  if (!read_text(env, value, path, PATH_MAX, &length)) return false;
  if (length >= PATH_MAX) {
    *error = -ENAMETOOLONG;
  } else if (std::memchr(path, 0, length)) {
    *error = -EINVAL;  // the kernel would watch what is before the NUL
  } else {
    path[length] = '\0';
  }
  return true;
}

// (fd, path, mask)
napi_value inode_watch(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  int fd, error;
  char path[PATH_MAX];
  uint32_t mask;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_path(env, in.values[1], path, &error) ||
      !read_u32(env, in.values[2], &mask, &fits)) {
    return nullptr;
  }
  if (!fits) error = -EINVAL;
  return to_value(env, error < 0 ? error : kevent_inode_watch(fd, path, mask));
}

// (fd, wd)
napi_value inode_unwatch(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd, wd;
  if (!read_fd(env, in.values[0], &fd) || !read_fd(env, in.values[1], &wd)) return nullptr;
  return to_value(env, kevent_inode_unwatch(fd, wd));
}

// (fd)
napi_value inode_group(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  return to_value(env, kevent_inode_group(fd));
}

// (fd, group, path, mask)
napi_value inode_group_watch(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  int fd, group, error;
  char path[PATH_MAX];
  uint32_t mask;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_fd(env, in.values[1], &group) ||
      !read_path(env, in.values[2], path, &error) || !read_u32(env, in.values[3], &mask, &fits)) {
    return nullptr;
  }
  if (!fits) error = -EINVAL;
  return to_value(env, error < 0 ? error : kevent_inode_group_watch(fd, group, path, mask));
}

// (fd, group, wd)
napi_value inode_group_unwatch(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  int fd, group, wd;
  if (!read_fd(env, in.values[0], &fd) || !read_fd(env, in.values[1], &group) ||
      !read_fd(env, in.values[2], &wd)) {
    return nullptr;
  }
  return to_value(env, kevent_inode_group_unwatch(fd, group, wd));
}

// (fd, group)
napi_value inode_group_backlog(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd, group;
  if (!read_fd(env, in.values[0], &fd) || !read_fd(env, in.values[1], &group)) return nullptr;
  return to_value(env, kevent_inode_group_backlog(fd, group));
}

// (fd, microseconds)
napi_value inode_gather(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  uint32_t microseconds;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &microseconds, &fits)) return nullptr;
  return to_value(env, fits ? kevent_inode_gather(fd, microseconds) : -EINVAL);
}

// (fd)
napi_value inode_hurry(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  return to_value(env, kevent_inode_hurry(fd));
}

// (path, buf)
napi_value directory_read(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int error;
  char path[PATH_MAX];
  Memory buf;
  if (!read_path(env, in.values[0], path, &error) || !read_memory(env, in.values[1], &buf)) return nullptr;
  if (error < 0) return to_value(env, error);
  uint32_t size = buf.bytes < INT32_MAX ? static_cast<uint32_t>(buf.bytes) : INT32_MAX;
  return to_value(env, kevent_directory_read(path, static_cast<char*>(buf.data), size));
}

constexpr Function kFunctions[] = {
    {"inodeWatch", inode_watch},
    {"inodeUnwatch", inode_unwatch},
    {"inodeGroup", inode_group},
    {"inodeGroupWatch", inode_group_watch},
    {"inodeGroupUnwatch", inode_group_unwatch},
    {"inodeGroupBacklog", inode_group_backlog},
    {"inodeGather", inode_gather},
    {"inodeHurry", inode_hurry},
    {"directoryRead", directory_read},
};

}  // namespace

Functions inode_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
