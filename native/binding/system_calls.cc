// Processes and connections: what needs a system call that Node.js does not make.
#include <unistd.h>

#include <cerrno>

#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

// (pid)
napi_value pidfd_open(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int pid;
  if (!read_fd(env, in.values[0], &pid)) return nullptr;
  int pidfd = kevent_pidfd_open(pid);
  if (pidfd >= 0) in.instance->pidfds().insert(pidfd);
  return to_value(env, pidfd);
}

// (pidfd)
napi_value pidfd_close(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int pidfd;
  if (!read_fd(env, in.values[0], &pidfd)) return nullptr;
  if (in.instance->pidfds().erase(pidfd) == 0) return to_value(env, -EBADF);
  return to_value(env, close(pidfd) < 0 ? -errno : 0);
}

// (pidfd)
napi_value pid_wait(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int pidfd;
  if (!read_fd(env, in.values[0], &pidfd)) return nullptr;
  return to_value(env, kevent_pid_wait(pidfd));
}

// (fd, address)
napi_value accept(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  Memory address;
  if (!read_fd(env, in.values[0], &fd) || !read_memory_or_null(env, in.values[1], &address)) return nullptr;
  return to_value(env, kevent_accept(fd, address.data, static_cast<uint32_t>(address.bytes)));
}

constexpr Function kFunctions[] = {
    {"pidfdOpen", pidfd_open},
    {"pidfdClose", pidfd_close},
    {"pidWait", pid_wait},
    {"accept", accept},
};

}  // namespace

Functions system_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
