#include "point_in_time.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "instance.h"

namespace kevent::binding {

PointInTime::PointInTime(Instance& instance, const Timeout& timeout, uint32_t flags)
    : Handle(kKind, instance), timeout_(timeout), flags_(flags), callback_(instance.env()) {}

int PointInTime::start() {
  if (watch_) return -EALREADY;
  if (!callback_.get()) return -EBADF;  // was closed
  if (instance().ending()) return -ECANCELED;
  int result = timeout_.forever() ? -EINVAL : check_timeout(timeout_, flags_);
  Fd clock;
  if (result == 0) result = arm_clock(end_of(timeout_, flags_), flags_, &clock);
  if (result < 0) return result;
  clock_fd_ = clock.get();
  result = instance().driver().open(std::move(clock), this, &watch_);
  if (result < 0) return result;
  hold();
  watch_->ref();
  result = watch_->start();
  if (result < 0) close();
  return result;
}

int PointInTime::ref() {
  if (!watch_) return -EBADF;
  watch_->ref();
  return 0;
}

int PointInTime::unref() {
  if (!watch_) return -EBADF;
  watch_->unref();
  return 0;
}

int PointInTime::close() {
  if (watch_) watch_->close();
  watch_ = nullptr;
  callback_.reset();
  let_go();
  return 0;
}

void PointInTime::readable() {
  std::shared_ptr<Handle> alive = shared_from_this();
  uint64_t expirations;
  double result = 0;
  if (read(clock_fd_, &expirations, sizeof expirations) < 0) {
    if (errno == EAGAIN) return;
    result = -errno;  // ECANCELED: the clock was set
  }
  watch_->stop();
  watch_->unref();
  instance().call(callback_.get(), &result);
}

// (sec, nsec, flags, callback)
napi_value PointInTime::construct(napi_env env, napi_callback_info info) {
  ConstructorArguments<4> in(env, info);
  Timeout timeout;
  uint32_t flags;
  bool fits = true;
  if (!in.constructs || !read_i53(env, in.values[0], &timeout.sec, &fits) ||
      !read_i53(env, in.values[1], &timeout.nsec, &fits) || !read_u32(env, in.values[2], &flags, &fits)) {
    return nullptr;
  }
  if (!is_function(env, in.values[3])) {
    throw_type_error(env, "callback must be a function");
    return nullptr;
  }
  if (!fits) timeout.sec = -1;  // start will say -EINVAL
  auto point = std::make_shared<PointInTime>(*in.instance, timeout, flags);
  if (!point->callback_.set(in.values[3])) return nullptr;
  return wrap(in.receiver, std::move(point)) ? in.receiver : nullptr;
}

napi_value PointInTime::define(Instance& instance) {
  const napi_property_descriptor methods[] = {
      method_descriptor<PointInTime, &PointInTime::start>("start", &instance),
      method_descriptor<PointInTime, &PointInTime::ref>("ref", &instance),
      method_descriptor<PointInTime, &PointInTime::unref>("unref", &instance),
      method_descriptor<PointInTime, &PointInTime::close>("close", &instance),
  };
  napi_value constructor = nullptr;
  napi_define_class(instance.env(), "Deadline", NAPI_AUTO_LENGTH, construct, &instance,
                    sizeof methods / sizeof methods[0], methods, &constructor);
  return constructor;
}

}  // namespace kevent::binding
