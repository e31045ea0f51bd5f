#include <cerrno>

#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

// (clock)
napi_value timer_create(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  uint32_t clock;
  bool fits = true;
  if (!read_u32(env, in.values[0], &clock, &fits)) return nullptr;
  int handle = fits ? kevent_timer_create(clock) : -EINVAL;
  if (handle > 0) in.instance->timers().insert(handle);
  return to_value(env, handle);
}

// (handle, flags, value sec, value nsec, interval sec, interval nsec)
napi_value timer_settime(napi_env env, napi_callback_info info) {
  Arguments<6> in(env, info);
  int handle;
  uint32_t flags;
  kevent_timespec value, interval;
  bool fits = true;
  if (!read_fd(env, in.values[0], &handle) || !read_u32(env, in.values[1], &flags, &fits) ||
      !read_i53(env, in.values[2], &value.sec, &fits) || !read_i53(env, in.values[3], &value.nsec, &fits) ||
      !read_i53(env, in.values[4], &interval.sec, &fits) || !read_i53(env, in.values[5], &interval.nsec, &fits)) {
    return nullptr;
  }
  return to_value(env, fits ? kevent_timer_settime(handle, flags, &value, &interval) : -EINVAL);
}

// (handle, out)
napi_value timer_gettime(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int handle;
  double* out;
  bool fits = true;
  if (!read_fd(env, in.values[0], &handle) || !read_doubles(env, in.values[1], 4, &out, &fits)) return nullptr;
  if (!fits) return to_value(env, -EFAULT);
  kevent_timespec value = {}, interval = {};
  int result = kevent_timer_gettime(handle, &value, &interval);
  if (result >= 0) {
    out[0] = static_cast<double>(value.sec);
    out[1] = static_cast<double>(value.nsec);
    out[2] = static_cast<double>(interval.sec);
    out[3] = static_cast<double>(interval.nsec);
  }
  return to_value(env, result);
}

// (handle)
napi_value timer_delete(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int handle;
  if (!read_fd(env, in.values[0], &handle)) return nullptr;
  in.instance->timers().erase(handle);
  return to_value(env, kevent_timer_delete(handle));
}

constexpr Function kFunctions[] = {
    {"timerCreate", timer_create},
    {"timerSettime", timer_settime},
    {"timerGettime", timer_gettime},
    {"timerDelete", timer_delete},
};

}  // namespace

Functions timer_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
