#include <cerrno>

#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

bool read_timeout(napi_env env, const napi_value* sec_nsec, Timeout* timeout, bool* fits) {
  return read_i53(env, sec_nsec[0], &timeout->sec, fits) && read_i53(env, sec_nsec[1], &timeout->nsec, fits);
}

// (fd, min, max, sec, nsec, buf, flags)
napi_value get_events(napi_env env, napi_callback_info info) {
  Arguments<7> in(env, info);
  int fd;
  uint32_t min_nr, max_nr, flags;
  Timeout timeout;
  Memory buf;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &min_nr, &fits) ||
      !read_u32(env, in.values[2], &max_nr, &fits) || !read_timeout(env, in.values + 3, &timeout, &fits) ||
      !read_memory(env, in.values[5], &buf) || !read_u32(env, in.values[6], &flags, &fits)) {
    return nullptr;
  }
  if (!fits || reinterpret_cast<uintptr_t>(buf.data) % alignof(ukevent) != 0) return to_value(env, -EINVAL);
  if (max_nr > buf.bytes / sizeof(ukevent)) return to_value(env, -EFAULT);
  return to_value(env, in.instance->blocking().run(timeout, flags, [&](const kevent_timespec* time, uint32_t slice) {
    return kevent_get_events(fd, min_nr, max_nr, time, static_cast<ukevent*>(buf.data), slice);
  }));
}

// (fd, num, oldUidx, sec, nsec, flags)
napi_value wait(napi_env env, napi_callback_info info) {
  Arguments<6> in(env, info);
  int fd;
  uint32_t num, old_uidx, flags;
  Timeout timeout;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &num, &fits) ||
      !read_u32(env, in.values[2], &old_uidx, &fits) || !read_timeout(env, in.values + 3, &timeout, &fits) ||
      !read_u32(env, in.values[5], &flags, &fits)) {
    return nullptr;
  }
  if (!fits) return to_value(env, -EINVAL);
  return to_value(env, in.instance->blocking().run(timeout, flags, [&](const kevent_timespec* time, uint32_t slice) {
    return kevent_wait(fd, num, old_uidx, time, slice);
  }));
}

// (fd, consumer, max, sec, nsec, flags, out)
napi_value claim(napi_env env, napi_callback_info info) {
  Arguments<7> in(env, info);
  int fd, consumer;
  uint32_t max, flags;
  Timeout timeout;
  double* out;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_fd(env, in.values[1], &consumer) ||
      !read_u32(env, in.values[2], &max, &fits) || !read_timeout(env, in.values + 3, &timeout, &fits) ||
      !read_u32(env, in.values[5], &flags, &fits)) {
    return nullptr;
  }
  bool room = true;
  if (!read_doubles(env, in.values[6], 1, &out, &room)) return nullptr;
  if (!fits || !room) return to_value(env, fits ? -EFAULT : -EINVAL);
  return to_value(env, in.instance->blocking().run(timeout, flags, [&](const kevent_timespec* time, uint32_t slice) {
    kevent_run run;
    int count = kevent_claim(fd, consumer, max, time, slice, &run);
    if (count > 0) *out = static_cast<double>(run.position);
    return count;
  }));
}

constexpr Function kFunctions[] = {
    {"getEvents", get_events},
    {"wait", wait},
    {"claim", claim},
};

}  // namespace

Functions waiting_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
