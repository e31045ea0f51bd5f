// Stream sockets: what net.Socket and net.Server ask of the system.
#include "sockets.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

constexpr size_t kMostText = 256;  // longer than any address or path of a socket

// A numeric address, terminated. 0 or a negative errno; false with a TypeError.
bool read_address(napi_env env, napi_value value, char (&address)[kMostText], int* error) {
  size_t length = 0;
  if (!read_text(env, value, address, kMostText, &length)) return false;
  *error = length >= kMostText || memchr(address, 0, length) ? -EINVAL : 0;
  if (*error == 0) address[length] = '\0';
  return true;
}

bool read_path(napi_env env, napi_value value, char (&path)[kMostText], size_t* length, int* error) {
  if (!read_text(env, value, path, kMostText, length)) return false;
  *error = *length >= kMostText ? -ENAMETOOLONG : 0;
  return true;
}

bool read_port(napi_env env, napi_value value, uint32_t* port, int* error) {
  bool fits = true;
  if (!read_u32(env, value, port, &fits)) return false;
  if (!fits || *port > UINT16_MAX) *error = -EINVAL;
  return true;
}

bool read_i32(napi_env env, napi_value value, int* out, int* error) {
  bool fits = true;
  int64_t number;
  if (!read_i53(env, value, &number, &fits)) return false;
  if (!fits || number < INT_MIN || number > INT_MAX) *error = -EINVAL;
  *out = static_cast<int>(number);
  return true;
}

// An Int32Array, as it is at this moment.
bool read_ints(napi_env env, napi_value value, int32_t** first, size_t* count) {
  napi_typedarray_type type;
  void* data = nullptr;
  *count = 0;
  if (napi_get_typedarray_info(env, value, &type, count, &data, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array) {
    throw_type_error(env, "an Int32Array was expected");
    return false;
  }
  *first = static_cast<int32_t*>(data);
  return true;
}

napi_value own(napi_env env, Instance& instance, int fd) {
  if (fd >= 0) instance.descriptors().insert(fd);
  return to_value(env, fd);
}

// (family, type)
napi_value open(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  uint32_t family, type;
  bool fits = true;
  if (!read_u32(env, in.values[0], &family, &fits) || !read_u32(env, in.values[1], &type, &fits)) return nullptr;
  return own(env, *in.instance, fits ? socket_open(static_cast<Family>(family), type) : -EINVAL);
}

// (fd, address, port, flags)
napi_value bind(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  int fd, error;
  char address[kMostText];
  uint32_t port, flags;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_address(env, in.values[1], address, &error) ||
      !read_port(env, in.values[2], &port, &error) || !read_u32(env, in.values[3], &flags, &fits)) {
    return nullptr;
  }
  if (!fits) error = -EINVAL;
  return to_value(env, error < 0 ? error : socket_bind(fd, address, static_cast<uint16_t>(port), flags));
}

// (fd, path)
napi_value bind_path(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd, error;
  char path[kMostText];
  size_t length;
  if (!read_fd(env, in.values[0], &fd) || !read_path(env, in.values[1], path, &length, &error)) return nullptr;
  return to_value(env, error < 0 ? error : socket_bind_path(fd, path, length));
}

// (fd, backlog)
napi_value listen(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd, backlog, error = 0;
  if (!read_fd(env, in.values[0], &fd) || !read_i32(env, in.values[1], &backlog, &error)) return nullptr;
  return to_value(env, error < 0 ? error : socket_listen(fd, backlog));
}

// (fd, address, port)
napi_value connect(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  int fd, error;
  char address[kMostText];
  uint32_t port;
  if (!read_fd(env, in.values[0], &fd) || !read_address(env, in.values[1], address, &error) ||
      !read_port(env, in.values[2], &port, &error)) {
    return nullptr;
  }
  return to_value(env, error < 0 ? error : socket_connect(fd, address, static_cast<uint16_t>(port)));
}

// (fd, path)
napi_value connect_path(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd, error;
  char path[kMostText];
  size_t length;
  if (!read_fd(env, in.values[0], &fd) || !read_path(env, in.values[1], path, &length, &error)) return nullptr;
  return to_value(env, error < 0 ? error : socket_connect_path(fd, path, length));
}

// (fd, out)
napi_value accept(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  int32_t* out;
  size_t room;
  if (!read_fd(env, in.values[0], &fd) || !read_ints(env, in.values[1], &out, &room)) return nullptr;
  int count = kevent_accept_many(fd, out, static_cast<uint32_t>(room < INT_MAX ? room : INT_MAX));
  for (int i = 0; i < count; i++) in.instance->descriptors().insert(out[i]);
  return to_value(env, count);
}

// (fd, how)
napi_value shutdown(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  uint32_t how;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &how, &fits)) return nullptr;
  return to_value(env, fits ? socket_shutdown(fd, how) : -EINVAL);
}

napi_value to_object(napi_env env, const SocketName& name) {
  napi_value object, family, address, port;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_create_string_latin1(env, text_of(name.family), NAPI_AUTO_LENGTH, &family) != napi_ok ||
      napi_create_string_utf8(env, name.address, name.length, &address) != napi_ok ||
      napi_create_uint32(env, name.port, &port) != napi_ok ||
      napi_set_named_property(env, object, "family", family) != napi_ok ||
      napi_set_named_property(env, object, "address", address) != napi_ok ||
      napi_set_named_property(env, object, "port", port) != napi_ok) {
    return nullptr;
  }
  return object;
}

napi_value name_by(napi_env env, napi_callback_info info, int (*ask)(int, SocketName*)) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  SocketName name;
  int error = ask(fd, &name);
  return error < 0 ? to_value(env, error) : to_object(env, name);
}

// (fd)
napi_value name(napi_env env, napi_callback_info info) { return name_by(env, info, socket_name); }
napi_value peer(napi_env env, napi_callback_info info) { return name_by(env, info, socket_peer); }

// (fd, level, option, value)
napi_value set_option(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  int fd, level, option, value, error = 0;
  if (!read_fd(env, in.values[0], &fd) || !read_i32(env, in.values[1], &level, &error) ||
      !read_i32(env, in.values[2], &option, &error) || !read_i32(env, in.values[3], &value, &error)) {
    return nullptr;
  }
  return to_value(env, error < 0 ? error : socket_set_option(fd, level, option, value));
}

// (fd, level, option, out)
napi_value get_option(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  int fd, level, option, error = 0;
  int32_t* out;
  size_t room;
  if (!read_fd(env, in.values[0], &fd) || !read_i32(env, in.values[1], &level, &error) ||
      !read_i32(env, in.values[2], &option, &error) || !read_ints(env, in.values[3], &out, &room)) {
    return nullptr;
  }
  if (error == 0 && room == 0) error = -EFAULT;
  return to_value(env, error < 0 ? error : socket_get_option(fd, level, option, out));
}

// (fd)
napi_value reset(napi_env env, napi_callback_info info) {
  Arguments<1> in(env, info);
  int fd;
  if (!read_fd(env, in.values[0], &fd)) return nullptr;
  int result = socket_reset(fd);
  if (result == 0) in.instance->descriptors().erase(fd);
  return to_value(env, result);
}

// (fd, memory)
napi_value receive(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  Memory memory;
  if (!read_fd(env, in.values[0], &fd) || !read_memory(env, in.values[1], &memory)) return nullptr;
  return to_value(env, memory.bytes == 0 ? -EINVAL : socket_receive(fd, memory.data, memory.bytes));
}

// (fd, memory)
napi_value send(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  Memory memory;
  if (!read_fd(env, in.values[0], &fd) || !read_memory(env, in.values[1], &memory)) return nullptr;
  iovec piece = {memory.data, std::min<size_t>(memory.bytes, INT_MAX)};
  kevent_send one = {fd, 1, &piece, -EFAULT};
  kevent_naio_send(1, &one);
  return to_value(env, static_cast<int32_t>(one.result));
}

constexpr Function kFunctions[] = {
    {"socketOpen", open},
    {"socketBind", bind},
    {"socketBindPath", bind_path},
    {"socketListen", listen},
    {"socketConnect", connect},
    {"socketConnectPath", connect_path},
    {"socketAccept", accept},
    {"socketReceive", receive},
    {"socketSend", send},
    {"socketShutdown", shutdown},
    {"socketName", name},
    {"socketPeer", peer},
    {"socketSetOption", set_option},
    {"socketGetOption", get_option},
    {"socketReset", reset},
};

}  // namespace

Functions socket_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
