#include "pollers/sigaction.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace kevent {

struct SignalSubscription {
  int signo;
  bool nomask;
  uint64_t since;  // the log's position when it began: what came before is not its business (B32)
  uint64_t count;
  std::vector<kevent_signal_record> records;
};

// What was installed before us. Never freed nor changed: a handler may be reading it. A process sees
// few different ones, and each is kept once.
struct Disposition {
  struct sigaction action;
  const Disposition* older;
};

namespace {

constexpr int kSignals = 65;
constexpr uint32_t kLog = 4096;

// All that the handler touches. Lock-free atomics are the only things it may use, and errno and
// write(2) the only other ones. Nothing here is ever destroyed.
struct Shared {
  // The log. A cell belongs to the producer of position `turn`, and to the reader at turn + 1. A
  // handler may interrupt another one in mid-cell: the reader stops there until that one is done.
  struct Cell {
    std::atomic<uint64_t> turn;
    kevent_signal_record record;
  };
  Cell cells[kLog];
  std::atomic<uint64_t> head{0};
  std::atomic<uint64_t> tail{0};

  std::atomic<uint64_t> dropped[kSignals] = {};  // occurrences that the log had no room for
  std::atomic<int> wake{-1};

  std::atomic<const Disposition*> previous[kSignals] = {};  // whom to call after us
  std::atomic<bool> wanted[kSignals] = {};                  // somebody subscribes
  std::atomic<bool> silent[kSignals] = {};                  // some NOMASK subscription: call nobody

  Shared() {
    for (uint32_t i = 0; i < kLog; i++) cells[i].turn.store(i, std::memory_order_relaxed);
  }
};

Shared& shared() {
  static auto* instance = new Shared();
  return *instance;
}

Shared* g_shared = nullptr;  // for the handler: set before any is installed, no guard to take

static_assert(std::atomic<uint64_t>::is_always_lock_free, "the handler must not lock");

// False if the log is full.
bool log_record(Shared& s, const kevent_signal_record& record) {
  uint64_t position = s.head.load(std::memory_order_relaxed);
  for (;;) {
    Shared::Cell& cell = s.cells[position % kLog];
    uint64_t turn = cell.turn.load(std::memory_order_acquire);
    if (turn == position) {
      if (!s.head.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
      cell.record = record;
      cell.turn.store(position + 1, std::memory_order_release);
      return true;
    }
    if (turn < position) return false;
    position = s.head.load(std::memory_order_relaxed);
  }
}

bool read_record(Shared& s, kevent_signal_record* record, uint64_t* at) {
  uint64_t position = s.tail.load(std::memory_order_relaxed);
  Shared::Cell& cell = s.cells[position % kLog];
  if (cell.turn.load(std::memory_order_acquire) != position + 1) return false;
  *record = cell.record;
  cell.turn.store(position + kLog, std::memory_order_release);
  s.tail.store(position + 1, std::memory_order_relaxed);
  *at = position;
  return true;
}

bool ignored_by_default(int signo) {
  return signo == SIGCHLD || signo == SIGURG || signo == SIGWINCH || signo == SIGCONT;
}

// What the signal would have done had we not been there. Raised for real, so that it ends or stops
// the process as itself, and not at all where the kernel would not: process 1, an orphaned group.
void act_by_default(int signo) {
  if (ignored_by_default(signo)) return;
  struct sigaction action = {};
  struct sigaction installed;
  sigaction(signo, &action, &installed);
  raise(signo);
  // It is blocked while its handler runs, until here.
  sigset_t one, mask;
  sigemptyset(&one);
  sigaddset(&one, signo);
  pthread_sigmask(SIG_UNBLOCK, &one, &mask);
  // Continued: as before.
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  sigaction(signo, &installed, nullptr);
}

const Disposition g_default = {};

void call_previous(Shared& s, int signo, siginfo_t* info, void* context) {
  const Disposition* previous = s.previous[signo].load(std::memory_order_acquire);
  const struct sigaction& action = previous->action;
  if (action.sa_handler == SIG_IGN) return;
  if (action.sa_handler == SIG_DFL) return act_by_default(signo);
  // For one time only: Node.js's own for SIGINT and SIGTERM is, and counts on it when it raises again.
  if (action.sa_flags & static_cast<int>(SA_RESETHAND)) {
    s.previous[signo].compare_exchange_strong(previous, &g_default, std::memory_order_acq_rel);
  }
  if (action.sa_flags & SA_SIGINFO) {
    action.sa_sigaction(signo, info, context);
  } else {
    action.sa_handler(signo);
  }
}

// A handler that replaced ours may call what it replaced, and we call it: round and round. So we mark
// the siginfo, whose end the kernel does not use and clears at each delivery. There is room for the
// marks of other copies of this engine in the process.
bool been_here(siginfo_t* info) {
  static_assert(sizeof(siginfo_t) == 128, "the kernel uses less than the first half");
  constexpr size_t kMarks = 8;
  if (!info) return true;  // no delivery by the kernel
  const void* mark = &g_shared;
  const void* marks[kMarks];
  char* end = reinterpret_cast<char*>(info) + sizeof *info - sizeof marks;
  memcpy(marks, end, sizeof marks);
  for (const void*& place : marks) {
    if (place == mark) return true;
    if (place) continue;
    place = mark;
    memcpy(end, marks, sizeof marks);
    return false;
  }
  return true;
}

kevent_signal_record record_of(int signo, const siginfo_t& info) {
  kevent_signal_record record = {};
  record.signo = signo;
  record.code = info.si_code;
  // Which fields there are depends on the sender: a timer has a value and no pid, SIGIO has neither.
  bool child = signo == SIGCHLD && info.si_code > 0;
  bool timer = info.si_code == SI_TIMER;
  bool sent = info.si_code <= 0 && !timer;
  if (sent || child) {
    record.pid = static_cast<uint32_t>(info.si_pid);
    record.uid = info.si_uid;
  }
  if (child) record.status = info.si_status;
  if (sent || timer) memcpy(&record.value, &info.si_value, sizeof info.si_value);
  return record;
}

void on_signal(int signo, siginfo_t* info, void* context) {
  if (been_here(info)) return;
  int saved = errno;
  Shared& s = *g_shared;
  if (s.wanted[signo].load(std::memory_order_acquire)) {
    if (!log_record(s, record_of(signo, *info))) s.dropped[signo].fetch_add(1, std::memory_order_release);
    // Always written, and after the record: whoever stops at an unfinished cell is woken by its end.
    uint64_t one = 1;
    (void)!write(s.wake.load(std::memory_order_relaxed), &one, sizeof one);
  }
  if (!s.silent[signo].load(std::memory_order_acquire)) call_previous(s, signo, info, context);
  errno = saved;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) && action.sa_sigaction == on_signal;
}

bool same(const struct sigaction& a, const struct sigaction& b) {
  if (a.sa_handler != b.sa_handler || a.sa_flags != b.sa_flags) return false;
  for (int signo = 1; signo < kSignals; signo++) {
    if (sigismember(&a.sa_mask, signo) != sigismember(&b.sa_mask, signo)) return false;
  }
  return true;
}

bool can_be_left_to_a_queue(int signo) {
  if (signo < 1 || signo >= kSignals) return false;
  if (signo > SIGSYS && signo < SIGRTMIN) return false;  // the C library's own
  switch (signo) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS: return false;
    default: return true;
  }
}

}  // namespace

SignalHub& SignalHub::instance() {
  static auto* hub = new SignalHub;  // never destroyed: a signal may come while the process exits
  return *hub;
}

int SignalHub::subscribe(int signo, bool nomask, SignalSubscription** out) {
  if (!can_be_left_to_a_queue(signo)) return -EINVAL;
  std::lock_guard<std::mutex> lock(mutex_);
  if (!g_shared) g_shared = &shared();  // once: handlers on other threads read it
  if (!wake_.valid()) {
    wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_.valid()) return -errno;
    shared().wake.store(wake_.get(), std::memory_order_relaxed);
  }
  auto* subscription = new (std::nothrow) SignalSubscription{signo, nomask, 0, 0, {}};
  if (!subscription) return -ENOMEM;
  int error = install(signo);
  if (error < 0) {
    delete subscription;
    return error;
  }
  hand_out();  // also what the log had no room for, which has no position
  subscription->since = shared().head.load(std::memory_order_acquire);
  subscriptions_.push_back(subscription);
  if (nomask) shared().silent[signo].store(true, std::memory_order_release);
  shared().wanted[signo].store(true, std::memory_order_release);
  *out = subscription;
  return 0;
}

void SignalHub::unsubscribe(SignalSubscription* subscription) {
  std::lock_guard<std::mutex> lock(mutex_);
  int signo = subscription->signo;
  subscriptions_.erase(std::find(subscriptions_.begin(), subscriptions_.end(), subscription));
  delete subscription;
  bool nomask = false;
  bool any = false;
  for (const SignalSubscription* other : subscriptions_) {
    if (other->signo != signo) continue;
    any = true;
    nomask |= other->nomask;
  }
  shared().silent[signo].store(nomask, std::memory_order_release);
  shared().wanted[signo].store(any, std::memory_order_release);
  if (!any) uninstall(signo);
}

void SignalHub::dispatch() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (g_shared) hand_out();
}

// The count is that of the records, and of those dropped: a record never comes without its count.
void SignalHub::hand_out() {
  Shared& s = shared();
  kevent_signal_record record;
  uint64_t position;
  while (read_record(s, &record, &position)) {
    for (SignalSubscription* subscription : subscriptions_) {
      if (subscription->signo != record.signo || position < subscription->since) continue;
      subscription->count++;
      if (subscription->records.size() < KEVENT_MAX_SIGINFO) subscription->records.push_back(record);
    }
  }
  for (int signo = 1; signo < kSignals; signo++) {
    if (s.dropped[signo].load(std::memory_order_relaxed) == 0) continue;
    uint64_t dropped = s.dropped[signo].exchange(0, std::memory_order_acquire);
    for (SignalSubscription* subscription : subscriptions_) {
      if (subscription->signo == signo) subscription->count += dropped;
    }
  }
}

bool SignalHub::take(SignalSubscription* subscription, uint64_t* count, std::vector<kevent_signal_record>* records) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (subscription->count == 0) return false;
  *count = subscription->count;
  subscription->count = 0;
  records->insert(records->end(), subscription->records.begin(), subscription->records.end());
  subscription->records.clear();
  return true;
}

int SignalHub::install(int signo) {
  struct sigaction current;
  if (sigaction(signo, nullptr, &current) < 0) return -errno;
  if (is_ours(current)) return 0;
  // Known before ours is installed, which may run at once.
  if (!remember(signo, current)) return -ENOMEM;
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  // Children that need not be waited for stay so. The kernel reports their end all the same.
  if (signo == SIGCHLD && (current.sa_handler == SIG_IGN || current.sa_flags & SA_NOCLDWAIT)) {
    action.sa_flags |= SA_NOCLDWAIT;
  }
  // libuv's handler takes a lock, and must not be interrupted by itself for another signal. A crash
  // in a handler is still to be seen by whoever looks out for it.
  sigfillset(&action.sa_mask);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&action.sa_mask, fault);
  struct sigaction replaced;
  if (sigaction(signo, &action, &replaced) < 0) return -errno;
  // Changed by another thread between the two.
  if (!is_ours(replaced) && !same(replaced, current) && !remember(signo, replaced)) return -ENOMEM;
  return 0;
}

void SignalHub::uninstall(int signo) {
  struct sigaction current;
  if (sigaction(signo, nullptr, &current) < 0 || !is_ours(current)) return;
  sigaction(signo, &shared().previous[signo].load(std::memory_order_acquire)->action, nullptr);
}

bool SignalHub::remember(int signo, const struct sigaction& previous) {
  const Disposition* known = known_[signo];
  while (known && !same(known->action, previous)) known = known->older;
  if (!known) {
    known = new (std::nothrow) Disposition{previous, known_[signo]};
    if (!known) return false;
    known_[signo] = known;
  }
  shared().previous[signo].store(known, std::memory_order_release);
  return true;
}

void SignalHub::reassert() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!g_shared) return;
  for (int signo = 1; signo < kSignals; signo++) {
    if (shared().wanted[signo].load(std::memory_order_relaxed)) install(signo);
  }
}

}  // namespace kevent
