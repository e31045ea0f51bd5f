// The only place that knows sigaction: one handler for the process, which only records.
//
// signalfd would need every signal blocked in every thread, and the threads of Node.js block none.
// So the handler, on whatever thread it runs, notes the siginfo in a lock-free log and writes to
// an eventfd that every interested queue watches; some queue then hands the log out to all.
#pragma once

#include <signal.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "fd.h"
#include "kevent.h"

namespace kevent {

struct SignalSubscription;
struct Disposition;

class SignalHub {
 public:
  static SignalHub& instance();

  // -EINVAL: not a signal, or one that cannot be left to a queue (KILL and STOP; the synchronous
  // faults, after which the thread cannot go on; the C library's own).
  int subscribe(int signo, bool nomask, SignalSubscription** out);
  // The last one of a signal puts the old disposition back.
  void unsubscribe(SignalSubscription* subscription);

  // Written at every signal: to be watched edge-triggered, by each queue in a set of its own.
  int wake_fd() const { return wake_.get(); }
  void dispatch();
  // What came since the last take: how often, exactly, and what is known of each.
  bool take(SignalSubscription* subscription, uint64_t* count, std::vector<kevent_signal_record>* records);

  // libuv sets its own handler as listeners come and go. Ours goes before it again, and calls it.
  void reassert();

 private:
  SignalHub() = default;
  void hand_out();
  int install(int signo);
  void uninstall(int signo);
  bool remember(int signo, const struct sigaction& previous);

  std::mutex mutex_;
  Fd wake_;
  std::vector<SignalSubscription*> subscriptions_;
  const Disposition* known_[65] = {};  // by signal: what has been installed before us, newest first
};

}  // namespace kevent
