// The JavaScript class of Attachment: its arguments.
#include <cerrno>
#include <utility>

#include "attachment.h"
#include "instance.h"

namespace kevent::binding {
namespace {

napi_value claim(napi_env env, napi_callback_info info) {
  MethodArguments<Attachment, 1> arguments(env, info);
  uint32_t max;
  bool fits = true;
  if (!arguments.handle || !read_u32(env, arguments.values[0], &max, &fits)) return nullptr;
  return to_value(env, fits ? arguments.handle->claim(max) : -EINVAL);
}

napi_value finish(napi_env env, napi_callback_info info) {
  MethodArguments<Attachment, 2> arguments(env, info);
  int64_t position;
  uint32_t count;
  bool fits = true;
  if (!arguments.handle || !read_i53(env, arguments.values[0], &position, &fits) ||
      !read_u32(env, arguments.values[1], &count, &fits)) {
    return nullptr;
  }
  if (!fits || position < 0) return to_value(env, -EINVAL);
  return to_value(env, arguments.handle->finish(static_cast<uint64_t>(position), count));
}

napi_property_descriptor method(const char* name, napi_callback callback, Instance* instance) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, instance};
}

}  // namespace

// (fd, control, callback)
napi_value Attachment::construct(napi_env env, napi_callback_info info) {
  ConstructorArguments<3> in(env, info);
  int fd;
  if (!in.constructs || !read_fd(env, in.values[0], &fd)) return nullptr;
  auto attachment = std::make_shared<Attachment>(*in.instance, fd);
  if (!attachment->set_up(in.values)) return nullptr;
  return wrap(in.receiver, std::move(attachment)) ? in.receiver : nullptr;
}

bool Attachment::set_up(const napi_value* arguments) {
  Memory control;
  double* doubles;
  bool fits = true;
  if (!read_fixed_memory(env(), arguments[1], &control) ||
      !read_doubles(env(), arguments[1], kControlLength, &doubles, &fits)) {
    return false;
  }
  if (!fits) {
    throw_type_error(env(), "control needs 8 places");
    return false;
  }
  if (!is_function(env(), arguments[2])) {
    throw_type_error(env(), "callback must be a function");
    return false;
  }
  if (!control_reference_.set(arguments[1]) || !callback_.set(arguments[2])) return false;
  control_ = doubles;
  return true;
}

napi_value Attachment::define(Instance& instance) {
  const napi_property_descriptor methods[] = {
      method_descriptor<Attachment, &Attachment::open>("open", &instance),
      method_descriptor<Attachment, &Attachment::start>("start", &instance),
      method_descriptor<Attachment, &Attachment::stop>("stop", &instance),
      method_descriptor<Attachment, &Attachment::ref>("ref", &instance),
      method_descriptor<Attachment, &Attachment::unref>("unref", &instance),
      method_descriptor<Attachment, &Attachment::close>("close", &instance),
      method("claim", binding::claim, &instance),
      method("finish", binding::finish, &instance),
  };
  napi_value constructor = nullptr;
  napi_define_class(instance.env(), "Attachment", NAPI_AUTO_LENGTH, construct, &instance,
                    sizeof methods / sizeof methods[0], methods, &constructor);
  return constructor;
}

}  // namespace kevent::binding
