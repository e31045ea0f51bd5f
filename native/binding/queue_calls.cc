#include <cerrno>

#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

bool misaligned(const Memory& memory) { return reinterpret_cast<uintptr_t>(memory.data) % alignof(ukevent) != 0; }

// (ring | null, size, flags)
napi_value init(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  Memory ring;
  uint32_t size, flags;
  bool fits = true;
  bool has_ring = !is_null(env, in.values[0]);
  if ((has_ring && !read_fixed_memory(env, in.values[0], &ring)) || !read_u32(env, in.values[1], &size, &fits) ||
      !read_u32(env, in.values[2], &flags, &fits)) {
    return nullptr;
  }
  if (!fits || (has_ring && ring.bytes < sizeof(kevent_ring) + uint64_t{size} * sizeof(ukevent))) {
    return to_value(env, -EINVAL);
  }
  return to_value(env, in.instance->init(in.values[0], ring, size, flags));
}

// (fd, ring | null)
napi_value share(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  Memory ring;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  if (!is_null(env, in.values[1]) && !read_fixed_memory(env, in.values[1], &ring)) return nullptr;
  return to_value(env, in.instance->share(fd, in.values[1], ring));
}

// (fd)
napi_value close(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  return to_value(env, in.instance->close(fd));
}

// (fd, cmd, num, entries | null)
napi_value ctl(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  int fd;
  uint32_t cmd, num;
  Memory entries;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &cmd, &fits) ||
      !read_u32(env, in.values[2], &num, &fits) || !read_memory_or_null(env, in.values[3], &entries)) {
    return nullptr;
  }
  if (!fits || misaligned(entries)) return to_value(env, -EINVAL);
  if (num > entries.bytes / sizeof(ukevent)) return to_value(env, -EFAULT);
  return to_value(env, kevent_ctl(fd, cmd, num, static_cast<ukevent*>(entries.data)));
}

// (fd, newUidx, over)
napi_value commit(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  int fd;
  uint32_t new_uidx, over;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &new_uidx, &fits) ||
      !read_u32(env, in.values[2], &over, &fits)) {
    return nullptr;
  }
  return to_value(env, fits ? kevent_commit(fd, new_uidx, over) : -EINVAL);
}

// (fd)
napi_value consumer_open(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  return to_value(env, in.instance->open_consumer(fd));
}

// (fd, consumer)
napi_value consumer_close(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd, consumer;
  if (!read_fd(env, in.values[0], &fd) || !read_fd(env, in.values[1], &consumer)) return nullptr;
  return to_value(env, in.instance->close_consumer(fd, consumer));
}

// (fd, consumer, position, count)
napi_value finish(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  int fd, consumer;
  int64_t position;
  uint32_t count;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_fd(env, in.values[1], &consumer) ||
      !read_i53(env, in.values[2], &position, &fits) || !read_u32(env, in.values[3], &count, &fits)) {
    return nullptr;
  }
  if (!fits || position < 0) return to_value(env, -EINVAL);
  return to_value(env, kevent_finish(fd, consumer, static_cast<uint64_t>(position), count));
}

// (fd, handle, buf | null)
napi_value payload(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  int fd;
  uint32_t handle;
  Memory buf;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &handle, &fits) ||
      !read_memory_or_null(env, in.values[2], &buf)) {
    return nullptr;
  }
  if (!fits) return to_value(env, -EINVAL);
  uint32_t size = buf.bytes < UINT32_MAX ? static_cast<uint32_t>(buf.bytes) : UINT32_MAX;
  return to_value(env, kevent_payload(fd, handle, buf.data, size));
}

// (fd, out)
napi_value stats(napi_env env, napi_callback_info info) {
  constexpr size_t kNumbers = sizeof(kevent_statistics) / sizeof(uint64_t);
  Arguments<2> in(env, info);
  int fd;
  double* out;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_doubles(env, in.values[1], kNumbers, &out, &fits)) return nullptr;
  if (!fits) return to_value(env, -EFAULT);
  kevent_statistics statistics;
  int result = kevent_stats(fd, &statistics);
  if (result < 0) return to_value(env, result);
  const uint64_t numbers[kNumbers] = {
      statistics.total,   statistics.immediate, statistics.delivered, statistics.ring,
      statistics.muted,   statistics.wakeups,   statistics.collects,  statistics.kevents,
      statistics.ready,   statistics.head,      statistics.tail,      statistics.memory,
  };
  for (size_t i = 0; i < kNumbers; i++) out[i] = static_cast<double>(numbers[i]);
  return to_value(env, result);
}

constexpr Function kFunctions[] = {
    {"init", init},
    {"share", share},
    {"close", close},
    {"ctl", ctl},
    {"commit", commit},
    {"consumerOpen", consumer_open},
    {"consumerClose", consumer_close},
    {"finish", finish},
    {"payload", payload},
    {"stats", stats},
};

}  // namespace

Functions queue_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
