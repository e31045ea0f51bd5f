// What can be done with any descriptor.
#include <fcntl.h>

#include <cerrno>

#include "arguments.h"
#include "calls.h"
#include "instance.h"
#include "sockets.h"

namespace kevent::binding {
namespace {

// (output, input, offset, count)
napi_value send_file(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  int output, input;
  int64_t offset;
  uint32_t count;
  bool fits = true;
  if (!read_fd(env, in.values[0], &output) || !read_fd(env, in.values[1], &input) ||
      !read_i53(env, in.values[2], &offset, &fits) || !read_u32(env, in.values[3], &count, &fits)) {
    return nullptr;
  }
  return to_value(env, fits ? kevent_sendfile(output, input, offset, count) : -EINVAL);
}

// (fd)
napi_value adopt(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  if (fcntl(fd, F_GETFD) < 0) return to_value(env, -errno);
  in.instance->descriptors().insert(fd);
  return to_value(env, 0);
}

// (fd)
napi_value disown(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  return to_value(env, in.instance->descriptors().erase(fd) ? 0 : -EBADF);
}

// (fd)
napi_value close(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  in.instance->descriptors().erase(fd);
  return to_value(env, close_fd(fd));
}

// (fd)
napi_value make_nonblocking(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  return to_value(env, set_nonblocking(fd));
}

const char* text_of(FdKind kind) {
  switch (kind) {
    case FdKind::tcp: return "tcp";
    case FdKind::udp: return "udp";
    case FdKind::local: return "unix";
    case FdKind::pipe: return "pipe";
    case FdKind::tty: return "tty";
    case FdKind::file: return "file";
    case FdKind::unknown: break;
  }
  return "unknown";
}

// (fd)
napi_value kind(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  FdDescription description;
  int error = describe_fd(fd, &description);
  if (error < 0) return to_value(env, error);
  napi_value object, text, family, stream, listening;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_create_string_latin1(env, text_of(description.kind), NAPI_AUTO_LENGTH, &text) != napi_ok ||
      napi_create_string_latin1(env, kevent::text_of(description.family), NAPI_AUTO_LENGTH, &family) != napi_ok ||
      napi_get_boolean(env, description.stream, &stream) != napi_ok ||
      napi_get_boolean(env, description.listening, &listening) != napi_ok ||
      napi_set_named_property(env, object, "kind", text) != napi_ok ||
      napi_set_named_property(env, object, "family", family) != napi_ok ||
      napi_set_named_property(env, object, "stream", stream) != napi_ok ||
      napi_set_named_property(env, object, "listening", listening) != napi_ok) {
    return nullptr;
  }
  return object;
}

constexpr Function kFunctions[] = {
    {"sendfile", send_file},
    {"adoptFd", adopt},
    {"disownFd", disown},
    {"closeFd", close},
    {"setNonblocking", make_nonblocking},
    {"fdKind", kind},
};

}  // namespace

Functions descriptor_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
