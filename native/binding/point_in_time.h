// A point in time, for promises that wait no longer than until then: JavaScript's Deadline.
#pragma once

#include <memory>

#include "clocks.h"
#include "driver.h"
#include "handle.h"

namespace kevent::binding {

class PointInTime final : public Handle, private WatchListener {
 public:
  static constexpr Kind kKind = Kind::kDeadline;
  static napi_value define(Instance& instance);

  PointInTime(Instance& instance, const Timeout& timeout, uint32_t flags);

  int start();
  int ref();
  int unref();
  int close() override;

 private:
  static napi_value construct(napi_env env, napi_callback_info info);
  void readable() override;
  void rung() override {}

  const Timeout timeout_;
  const uint32_t flags_;
  Reference callback_;
  int clock_fd_ = -1;  // the watch's
  Watch* watch_ = nullptr;
};

}  // namespace kevent::binding
