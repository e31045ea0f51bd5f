// UNOTIFY: the user's own events. Ready by CTL_READY, from any thread, or at ADD with REQ_READY,
// and never by itself; how often is counted until it is delivered.
#include "origins/origin.h"

namespace kevent {
namespace {

class UnotifyOrigin : public Origin {
 public:
  int enqueue(Queue&, Kevent&) const override { return 0; }
  void dequeue(Queue&, Kevent&) const override {}
  int modify(Queue&, Kevent&, const ukevent&) const override { return 0; }
  bool check(Queue&, Kevent& kevent) const override { return kevent.pending > 0; }

  void deliver(Queue&, Kevent& kevent, ukevent& out) const override {
    out.ret_data[0] = kevent.pending;
    out.ret_data[1] = 0;
    kevent.pending = 0;
  }
};

}  // namespace

const Origin& unotify_origin() {
  static const UnotifyOrigin origin;
  return origin;
}

}  // namespace kevent
