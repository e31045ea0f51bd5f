// A queue attached to the event loop: one call into JavaScript for each run of slots.
#pragma once

#include "driver.h"
#include "handle.h"
#include "loop_watch.h"

namespace kevent::binding {

class Attachment final : public Handle, private WatchListener {
 public:
  static constexpr Kind kKind = Kind::kAttachment;
  static napi_value define(Instance& instance);

  Attachment(Instance& instance, int fd);

  int open();
  int start();
  int stop();
  int ref();
  int unref();
  int claim(uint32_t max);
  int finish(uint64_t position, uint32_t count);
  int close() override;

 private:
  // Places in the array that is shared with JavaScript; lib/abi/handles.ts describes them.
  enum Control { kPosition, kCount, kFinished, kInTurn, kWant, kPlainFrom, kTurn, kControlLength = 8 };

  static napi_value construct(napi_env env, napi_callback_info info);
  bool set_up(const napi_value* arguments);

  void readable() override;
  void rung() override;
  void turn();
  void tell(const kevent_run& run, double count);
  bool deliver(const kevent_run& run, uint32_t count);
  void collect();
  void park();
  void fail(int error);
  uint32_t finished(uint32_t count) const;

  const int fd_;
  double* control_ = nullptr;
  Reference control_reference_;
  Reference callback_;
  LoopWatch watch_;
  int consumer_ = -1;
  bool started_ = false;
  bool parked_ = false;  // the ring is full: the fd would only tell us again and again
  bool in_turn_ = false;
  uint64_t position_ = 0;  // of the turn's run
  uint32_t count_ = 0;
};

}  // namespace kevent::binding
