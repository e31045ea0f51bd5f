// Tells a promise that a non-blocking call may succeed now.
#pragma once

#include "driver.h"
#include "handle.h"
#include "loop_watch.h"

namespace kevent::binding {

class Readiness final : public Handle, private WatchListener {
 public:
  static constexpr Kind kKind = Kind::kReadiness;
  static napi_value define(Instance& instance);

  Readiness(Instance& instance, int fd);

  int start(bool watch_loop_fd);
  int stop();
  int ref();
  int unref();
  int close() override;

 private:
  static napi_value construct(napi_env env, napi_callback_info info);
  int open();
  void readable() override { tell(); }
  void rung() override { tell(); }
  void tell();

  const int fd_;
  Reference callback_;
  LoopWatch watch_;
  int observer_ = -1;
  bool armed_ = false;
};

}  // namespace kevent::binding
