#include "readiness.h"

#include <cerrno>
#include <utility>

#include "instance.h"

namespace kevent::binding {
namespace {

napi_value start(napi_env env, napi_callback_info info) {
  MethodArguments<Readiness, 1> arguments(env, info);
  bool watch_loop_fd;
  if (!arguments.handle || !read_boolean(env, arguments.values[0], &watch_loop_fd)) return nullptr;
  return to_value(env, arguments.handle->start(watch_loop_fd));
}

}  // namespace

Readiness::Readiness(Instance& instance, int fd) : Handle(kKind, instance), fd_(fd), callback_(instance.env()) {}

int Readiness::open() {
  if (!callback_.get()) return -EBADF;  // was closed
  if (instance().ending()) return -ECANCELED;
  std::shared_ptr<OpenQueue> queue = Queues::find(fd_);
  if (!queue) return -EBADF;
  observer_ = watch_.open(instance(), std::move(queue), this,
                          [](int fd, void* watch) { return kevent_observer_open(fd, LoopWatch::ring, watch); });
  if (observer_ >= 0) hold();
  return observer_;
}

int Readiness::start(bool watch_loop_fd) {
  int result = watch_.is_open() ? watch_.follow() : open();
  if (result < 0) return result;
  armed_ = true;
  watch_->ref();
  if (watch_loop_fd) return watch_->start();
  watch_->stop();
  return 0;
}

int Readiness::stop() {
  armed_ = false;
  if (!watch_.is_open()) return 0;
  watch_->stop();
  watch_->unref();
  return 0;
}

int Readiness::ref() {
  if (!watch_.is_open()) return -EBADF;
  watch_->ref();
  return 0;
}

int Readiness::unref() {
  if (!watch_.is_open()) return -EBADF;
  watch_->unref();
  return 0;
}

int Readiness::close() {
  stop();
  watch_.close([this](int fd) { return kevent_observer_close(fd, observer_); });
  callback_.reset();
  let_go();
  return 0;
}

void Readiness::tell() {
  if (!armed_) return;
  std::shared_ptr<Handle> alive = shared_from_this();
  stop();
  instance().call(callback_.get(), nullptr);
}

// (fd, callback)
napi_value Readiness::construct(napi_env env, napi_callback_info info) {
  ConstructorArguments<2> in(env, info);
  int fd;
  if (!in.constructs || !read_fd(env, in.values[0], &fd)) return nullptr;
  if (!is_function(env, in.values[1])) {
    throw_type_error(env, "callback must be a function");
    return nullptr;
  }
  auto readiness = std::make_shared<Readiness>(*in.instance, fd);
  if (!readiness->callback_.set(in.values[1])) return nullptr;
  return wrap(in.receiver, std::move(readiness)) ? in.receiver : nullptr;
}

napi_value Readiness::define(Instance& instance) {
  const napi_property_descriptor methods[] = {
      {"start", nullptr, binding::start, nullptr, nullptr, nullptr, napi_default_method, &instance},
      method_descriptor<Readiness, &Readiness::stop>("stop", &instance),
      method_descriptor<Readiness, &Readiness::ref>("ref", &instance),
      method_descriptor<Readiness, &Readiness::unref>("unref", &instance),
      method_descriptor<Readiness, &Readiness::close>("close", &instance),
  };
  napi_value constructor = nullptr;
  napi_define_class(instance.env(), "Readiness", NAPI_AUTO_LENGTH, construct, &instance,
                    sizeof methods / sizeof methods[0], methods, &constructor);
  return constructor;
}

}  // namespace kevent::binding
