#include "pollers/sigaction.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kevent {

struct SignalSubscription {
  int signo;
  bool nomask;
  uint64_t count;
  std::vector<kevent_signal_record> records;
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

  std::atomic<uint64_t> count[kSignals];  // exact, whatever the log had room for
  std::atomic<int> wake{-1};

  // Whom to call after us. Two versions, so that the handler never sees one half written.
  struct Chain {
    struct sigaction action;
  };
  Chain chain[kSignals][2];
  std::atomic<uint32_t> chain_version[kSignals];
  std::atomic<bool> silent[kSignals];  // some NOMASK subscription: call nobody
  bool installed[kSignals];            // under the hub's mutex

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

void log_record(Shared& s, const kevent_signal_record& record) {
  uint64_t position = s.head.load(std::memory_order_relaxed);
  for (;;) {
    Shared::Cell& cell = s.cells[position % kLog];
    uint64_t turn = cell.turn.load(std::memory_order_acquire);
    if (turn == position) {
      if (!s.head.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
      cell.record = record;
      cell.turn.store(position + 1, std::memory_order_release);
      return;
    }
    if (turn < position) return;  // full: the count stays exact, the details of this one are lost
    position = s.head.load(std::memory_order_relaxed);
  }
}

bool read_record(Shared& s, kevent_signal_record* record) {
  uint64_t position = s.tail.load(std::memory_order_relaxed);
  Shared::Cell& cell = s.cells[position % kLog];
  if (cell.turn.load(std::memory_order_acquire) != position + 1) return false;
  *record = cell.record;
  cell.turn.store(position + kLog, std::memory_order_release);
  s.tail.store(position + 1, std::memory_order_relaxed);
  return true;
}

bool ignored_by_default(int signo) {
  return signo == SIGCHLD || signo == SIGURG || signo == SIGWINCH || signo == SIGCONT;
}

// What the signal would have done had we not been there.
void act_by_default(int signo) {
  if (ignored_by_default(signo)) return;
  if (signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU) {
    raise(SIGSTOP);
    return;
  }
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signo, &action, nullptr);
  raise(signo);  // blocked while its handler runs: it ends the process on our return
}

void on_signal(int signo, siginfo_t* info, void* context) {
  int saved = errno;
  Shared& s = *g_shared;
  kevent_signal_record record = {};
  record.signo = signo;
  record.code = info->si_code;
  record.pid = static_cast<uint32_t>(info->si_pid);
  record.uid = info->si_uid;
  if (signo == SIGCHLD) {
    record.status = info->si_status;
  } else {
    record.value = reinterpret_cast<uint64_t>(info->si_value.sival_ptr);
  }
  // Record before count: whoever has seen the count finds the record in the log, or there is none.
  log_record(s, record);
  s.count[signo].fetch_add(1, std::memory_order_release);
  uint64_t one = 1;
  (void)!write(s.wake.load(std::memory_order_relaxed), &one, sizeof one);

  if (!s.silent[signo].load(std::memory_order_acquire)) {
    uint32_t version = s.chain_version[signo].load(std::memory_order_acquire);
    const struct sigaction& next = s.chain[signo][version % 2].action;
    if (next.sa_flags & SA_SIGINFO) {
      next.sa_sigaction(signo, info, context);
    } else if (next.sa_handler == SIG_DFL) {
      act_by_default(signo);
    } else if (next.sa_handler != SIG_IGN) {
      next.sa_handler(signo);
    }
  }
  errno = saved;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) && action.sa_sigaction == on_signal;
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
  g_shared = &shared();
  if (!wake_.valid()) {
    wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_.valid()) return -errno;
    shared().wake.store(wake_.get(), std::memory_order_relaxed);
  }
  int error = install(signo);
  if (error < 0) return error;
  hand_out();  // what came before this subscription is not its business (B32)
  auto* subscription = new SignalSubscription{signo, nomask, 0, {}};
  subscriptions_.push_back(subscription);
  if (nomask) shared().silent[signo].store(true, std::memory_order_release);
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
  if (!any) uninstall(signo);
}

void SignalHub::dispatch() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (g_shared) hand_out();
}

void SignalHub::hand_out() {
  Shared& s = shared();
  // Counts first: a signal between the two reads leaves a record too many for now, never one too few.
  for (int signo = 1; signo < kSignals; signo++) {
    uint64_t count = s.count[signo].load(std::memory_order_acquire);
    uint64_t fresh = count - dispatched_[signo];
    if (fresh == 0) continue;
    dispatched_[signo] = count;
    for (SignalSubscription* subscription : subscriptions_) {
      if (subscription->signo == signo) subscription->count += fresh;
    }
  }
  kevent_signal_record record;
  while (read_record(s, &record)) {
    for (SignalSubscription* subscription : subscriptions_) {
      if (subscription->signo != record.signo || subscription->records.size() >= KEVENT_MAX_SIGINFO) continue;
      subscription->records.push_back(record);
    }
  }
}

bool SignalHub::take(SignalSubscription* subscription, uint64_t* count, std::vector<kevent_signal_record>* records) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (subscription->count == 0) return false;
  *count = subscription->count;
  subscription->count = 0;
  // A record whose count has not been handed out yet waits for it.
  size_t take = std::min<uint64_t>(subscription->records.size(), *count);
  records->insert(records->end(), subscription->records.begin(), subscription->records.begin() + take);
  subscription->records.erase(subscription->records.begin(), subscription->records.begin() + take);
  return true;
}

int SignalHub::install(int signo) {
  struct sigaction current;
  if (sigaction(signo, nullptr, &current) < 0) return -errno;
  if (is_ours(current)) return 0;
  Shared& s = shared();
  if (!s.installed[signo]) {
    s.count[signo].store(0, std::memory_order_relaxed);
    dispatched_[signo] = 0;
  }
  set_chain(signo, current);
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  if (sigaction(signo, &action, nullptr) < 0) return -errno;
  s.installed[signo] = true;
  return 0;
}

void SignalHub::uninstall(int signo) {
  Shared& s = shared();
  s.installed[signo] = false;
  struct sigaction current;
  if (sigaction(signo, nullptr, &current) < 0 || !is_ours(current)) return;
  uint32_t version = s.chain_version[signo].load(std::memory_order_relaxed);
  sigaction(signo, &s.chain[signo][version % 2].action, nullptr);
}

void SignalHub::set_chain(int signo, const struct sigaction& previous) {
  Shared& s = shared();
  uint32_t version = s.chain_version[signo].load(std::memory_order_relaxed) + 1;
  s.chain[signo][version % 2].action = previous;
  s.chain_version[signo].store(version, std::memory_order_release);
}

void SignalHub::reassert() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!g_shared) return;
  for (int signo = 1; signo < kSignals; signo++) {
    if (shared().installed[signo]) install(signo);
  }
}

}  // namespace kevent
