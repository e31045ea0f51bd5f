// SIGNAL: a signal number, with KEVENT_SIGNAL_NOMASK if it is not to be delivered the usual way.
// Every kevent, in every queue, gets every signal: a signal is a fact, not work to be shared out.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "origins/origin.h"
#include "queue.h"

namespace kevent {
namespace {

class SignalOrigin : public Origin {
 public:
  int enqueue(Queue& queue, Kevent& kevent) const override { return queue.signals().start(queue, kevent); }
  void dequeue(Queue& queue, Kevent& kevent) const override { queue.signals().stop(kevent); }
  int modify(Queue&, Kevent&, const ukevent&) const override { return 0; }
  bool check(Queue&, Kevent& kevent) const override { return kevent.pending > 0; }

  void deliver(Queue& queue, Kevent& kevent, ukevent& out) const override {
    auto& records = static_cast<SignalExtra*>(kevent.extra)->records;
    out.ret_data[0] = kevent.pending;
    out.ret_data[1] = 0;
    kevent.pending = 0;
    if (records.empty()) return;
    std::vector<char> bytes(records.size() * sizeof records[0]);
    memcpy(bytes.data(), records.data(), bytes.size());
    records.clear();
    out.ret_data[1] = queue.payloads().put(std::move(bytes));
  }
};

}  // namespace

const Origin& signal_origin() {
  static const SignalOrigin origin;
  return origin;
}

int Signals::start(Queue& queue, Kevent& kevent) {
  uint64_t id = kevent.u.id.raw_u64;
  uint64_t signo = id & ~KEVENT_SIGNAL_NOMASK;
  if (signo == 0 || signo > 64) return -EINVAL;
  SignalHub& hub = SignalHub::instance();
  auto extra = std::make_unique<SignalExtra>();
  int error = hub.subscribe(static_cast<int>(signo), id & KEVENT_SIGNAL_NOMASK, &extra->subscription);
  if (error < 0) return error;
  if (!watching_) {
    // Edge-triggered in every queue's set: each write of the handler wakes them all.
    error = queue.epoll().add_special(hub.wake_fd(), EPOLLIN | EPOLLET, Source::signals);
    if (error < 0) {
      hub.unsubscribe(extra->subscription);
      return error;
    }
    watching_ = true;
  }
  kevents_.push_back(kevent.index);
  kevent.extra = extra.release();
  return 0;
}

void Signals::stop(Kevent& kevent) {
  SignalHub::instance().unsubscribe(static_cast<SignalExtra*>(kevent.extra)->subscription);
  kevents_.erase(std::find(kevents_.begin(), kevents_.end(), kevent.index));
}

void Signals::collect(Queue& queue) {
  SignalHub& hub = SignalHub::instance();
  hub.dispatch();
  for (uint32_t index : kevents_) {
    Kevent& kevent = queue.kevent(index);
    auto* extra = static_cast<SignalExtra*>(kevent.extra);
    uint64_t count = 0;
    if (!hub.take(extra->subscription, &count, &extra->records)) continue;
    if (extra->records.size() > KEVENT_MAX_SIGINFO) extra->records.resize(KEVENT_MAX_SIGINFO);
    kevent.pending = static_cast<uint32_t>(std::min<uint64_t>(kevent.pending + count, UINT32_MAX));
    queue.occurred(kevent);
  }
}

}  // namespace kevent
