// The one signal handler: who gets what, how often, and what still happens the usual way.
#include "pollers/sigaction.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <thread>
#include <vector>

#include "check.h"

namespace {

using kevent::SignalHub;

struct Subscribed {
  kevent::SignalSubscription* subscription = nullptr;
  uint64_t count = 0;
  std::vector<kevent_signal_record> records;

  explicit Subscribed(int signo, bool nomask = false) {
    CHECK_EQ(SignalHub::instance().subscribe(signo, nomask, &subscription), 0);
  }
  ~Subscribed() { SignalHub::instance().unsubscribe(subscription); }
  // How often since the last time.
  uint64_t collect() {
    SignalHub::instance().dispatch();
    return take();
  }
  uint64_t take() {
    count = 0;
    records.clear();
    bool any = SignalHub::instance().take(subscription, &count, &records);
    CHECK_EQ(any, count > 0);
    return count;
  }
};

// A disposition that others have set, while the object lives.
struct Disposition {
  int signo;
  struct sigaction before;
  Disposition(int number, void (*handler)(int), int flags = 0) : signo(number) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(signo, &action, &before);
  }
  ~Disposition() { sigaction(signo, &before, nullptr); }
};

void (*handler_of(int signo))(int) {
  struct sigaction action;
  sigaction(signo, nullptr, &action);
  return action.sa_handler;
}

std::atomic<int> g_usual{0};
void usual(int) { g_usual++; }

template <class F>
pid_t start_child(F&& body) {
  fflush(stdout);
  pid_t child = fork();
  if (child > 0) return child;
  setpgid(0, 0);  // of its own, and not an orphan: stop signals work
  body();
  _exit(0);
}

// How the child ended or stopped. One that hangs, perhaps with all signals blocked, is killed.
int status_of(pid_t child) {
  int status = 0;
  for (int waited = 0; waited < 5000; waited++) {
    if (waitpid(child, &status, WNOHANG | WUNTRACED) == child) return status;
    usleep(1000);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return status;
}

template <class F>
int status_of_child(F&& body) {
  return status_of(start_child(body));
}

TEST(every_subscription_gets_every_signal) {
  Subscribed first(SIGUSR1, true);
  Subscribed second(SIGUSR1, true);
  Subscribed other(SIGUSR2, true);
  for (int i = 0; i < 3; i++) raise(SIGUSR1);
  for (Subscribed* subscribed : {&first, &second}) {
    CHECK_EQ(subscribed->collect(), 3u);
    CHECK_EQ(subscribed->records.size(), 3u);
    CHECK_EQ(subscribed->collect(), 0u);
  }
  CHECK_EQ(other.collect(), 0u);
}

TEST(what_came_before_a_subscription_is_not_its_business) {
  Subscribed early(SIGUSR1, true);
  raise(SIGUSR1);
  Subscribed late(SIGUSR1, true);
  CHECK_EQ(late.collect(), 0u);
  CHECK_EQ(early.collect(), 1u);
  raise(SIGUSR1);
  CHECK_EQ(late.collect(), 1u);
}

TEST(a_record_says_who_sent_the_signal) {
  Subscribed user(SIGUSR1, true);
  kill(getpid(), SIGUSR1);
  CHECK_EQ(user.collect(), 1u);
  CHECK_EQ(user.records[0].signo, SIGUSR1);
  CHECK_EQ(user.records[0].code, SI_USER);
  CHECK_EQ(user.records[0].pid, static_cast<uint32_t>(getpid()));
  CHECK_EQ(user.records[0].uid, getuid());
  CHECK_EQ(user.records[0].value, 0u);
}

TEST(a_child_that_exits_is_told_with_its_pid_and_status) {
  Subscribed ended(SIGCHLD);
  pid_t child = fork();
  if (child == 0) _exit(7);
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  CHECK_EQ(ended.collect(), 1u);
  CHECK_EQ(ended.records[0].code, CLD_EXITED);
  CHECK_EQ(ended.records[0].pid, static_cast<uint32_t>(child));
  CHECK_EQ(ended.records[0].status, 7);
}

TEST(a_timers_signal_has_a_value_and_no_sender) {
  Subscribed subscribed(SIGRTMIN + 2, true);
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN + 2;
  event.sigev_value.sival_int = 42;
  timer_t unused, timer;
  CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &unused), 0);  // so that the next one's id is not 0
  CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  itimerspec soon = {{0, 0}, {0, 1}};
  timer_settime(timer, 0, &soon, nullptr);
  while (subscribed.collect() == 0) usleep(1000);
  CHECK_EQ(subscribed.records[0].code, SI_TIMER);
  CHECK_EQ(static_cast<int>(subscribed.records[0].value), 42);
  CHECK_EQ(subscribed.records[0].pid, 0u);
  timer_delete(timer);
  timer_delete(unused);
}

#ifndef __SANITIZE_THREAD__  // its runtime keeps one pending signal of a number
TEST(real_time_signals_queue_and_each_one_counts) {
  Subscribed subscribed(SIGRTMIN + 1, true);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGRTMIN + 1);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  for (int i = 0; i < 100; i++) CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 1, {.sival_int = i}), 0);
  CHECK_EQ(subscribed.collect(), 0u);
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  CHECK_EQ(subscribed.collect(), 100u);
  CHECK_EQ(subscribed.records.size(), 100u);
  for (size_t i = 0; i < subscribed.records.size(); i++) {
    CHECK_EQ(static_cast<uint32_t>(subscribed.records[i].value), i);
    CHECK_EQ(subscribed.records[i].code, SI_QUEUE);
  }
}
#endif

TEST(counts_are_exact_when_there_are_too_many_for_the_records) {
  Subscribed subscribed(SIGUSR1, true);
  Subscribed other(SIGUSR2, true);
  constexpr uint32_t kMany = 3 * KEVENT_MAX_SIGINFO;
  for (uint32_t i = 0; i < kMany; i++) raise(SIGUSR1);
  for (uint32_t i = 0; i < 10; i++) raise(SIGUSR2);
  CHECK_EQ(subscribed.collect(), uint64_t{kMany});
  CHECK_EQ(subscribed.records.size(), size_t{KEVENT_MAX_SIGINFO});
  CHECK_EQ(other.collect(), 10u);
  raise(SIGUSR1);
  CHECK_EQ(subscribed.collect(), 1u);
  CHECK_EQ(subscribed.records.size(), 1u);
}

TEST(signals_on_many_threads_are_all_counted_and_no_record_outlives_its_count) {
  constexpr int kThreads = 4, kEach = 3000;
  Subscribed subscribed(SIGRTMIN, true);
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; n++) raise(SIGRTMIN);
      running--;
    });
  }
  uint64_t counted = 0;
  size_t recorded = 0;
  auto add = [&] {
    counted += subscribed.collect();
    recorded += subscribed.records.size();
    CHECK(recorded <= counted);
  };
  while (running) add();
  for (std::thread& thread : threads) thread.join();
  add();
  CHECK_EQ(counted, uint64_t{kThreads * kEach});

  // In step again: the next signal's record is its own.
  sigqueue(getpid(), SIGRTMIN, {.sival_int = 77});
  while (subscribed.collect() == 0) usleep(1000);
  CHECK_EQ(subscribed.records.size(), 1u);
  CHECK_EQ(static_cast<int>(subscribed.records.at(0).value), 77);
}

TEST(each_signal_wakes_every_queue) {
  Subscribed subscribed(SIGUSR1, true);
  int sets[2];
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLET;
  for (int& set : sets) {
    set = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(set, EPOLL_CTL_ADD, SignalHub::instance().wake_fd(), &event);
    epoll_wait(set, &event, 1, 0);  // what was written earlier
    event.events = EPOLLIN | EPOLLET;
  }
  for (int round = 0; round < 3; round++) {
    for (int set : sets) CHECK_EQ(epoll_wait(set, &event, 1, 0), 0);
    raise(SIGUSR1);
    for (int set : sets) {
      CHECK_EQ(epoll_wait(set, &event, 1, 0), 1);
      SignalHub::instance().dispatch();
    }
  }
  CHECK_EQ(subscribed.collect(), 3u);
  for (int set : sets) close(set);
}

TEST(the_handler_that_was_there_still_runs_unless_a_subscription_says_nomask) {
  Disposition theirs(SIGUSR1, usual);
  g_usual = 0;
  Subscribed subscribed(SIGUSR1);
  raise(SIGUSR1);
  CHECK_EQ(g_usual.load(), 1);
  {
    Subscribed exclusive(SIGUSR1, true);
    raise(SIGUSR1);
    CHECK_EQ(g_usual.load(), 1);
    CHECK_EQ(exclusive.collect(), 1u);
  }
  raise(SIGUSR1);
  CHECK_EQ(g_usual.load(), 2);
  CHECK_EQ(subscribed.collect(), 3u);
}

TEST(the_last_to_go_puts_the_old_disposition_back) {
  Disposition theirs(SIGUSR1, usual);
  {
    Subscribed first(SIGUSR1);
    { Subscribed second(SIGUSR1); }
    CHECK(handler_of(SIGUSR1) != usual);
  }
  CHECK(handler_of(SIGUSR1) == usual);
}

TEST(a_disposition_that_others_set_meanwhile_is_left_alone) {
  Disposition theirs(SIGUSR1, SIG_DFL);
  {
    Subscribed subscribed(SIGUSR1);
    signal(SIGUSR1, usual);
  }
  CHECK(handler_of(SIGUSR1) == usual);
}

TEST(reassert_puts_our_handler_before_the_one_that_replaced_it) {
  Disposition before(SIGUSR1, SIG_IGN);
  g_usual = 0;
  {
    Subscribed subscribed(SIGUSR1);
    for (int round = 1; round <= 3; round++) {
      signal(SIGUSR1, usual);
      SignalHub::instance().reassert();
      raise(SIGUSR1);
      CHECK_EQ(g_usual.load(), round);
      CHECK_EQ(subscribed.collect(), 1u);
      signal(SIGUSR1, SIG_IGN);
      SignalHub::instance().reassert();
      raise(SIGUSR1);
      CHECK_EQ(g_usual.load(), round);
      CHECK_EQ(subscribed.collect(), 1u);
    }
    signal(SIGUSR1, usual);
    SignalHub::instance().reassert();
  }
  CHECK(handler_of(SIGUSR1) == usual);
}

TEST(reassert_touches_only_signals_that_are_subscribed_to) {
  { Subscribed subscribed(SIGUSR1); }
  SignalHub::instance().reassert();
  for (int signo : {SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH}) CHECK(handler_of(signo) == SIG_DFL);
}

struct sigaction g_replaced;
void calls_what_it_replaced(int signo, siginfo_t* info, void* context) {
  g_usual++;
  if (g_replaced.sa_flags & SA_SIGINFO) g_replaced.sa_sigaction(signo, info, context);
}

TEST(a_handler_that_calls_the_one_it_replaced_does_not_go_round_in_circles) {
  int status = status_of_child([] {
    g_usual = 0;
    Subscribed subscribed(SIGUSR1);
    struct sigaction action = {};
    action.sa_sigaction = calls_what_it_replaced;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, &g_replaced);
    SignalHub::instance().reassert();
    for (int i = 1; i <= 2; i++) {
      raise(SIGUSR1);
      if (g_usual != i || subscribed.collect() != 1) _exit(1);
    }
  });
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

TEST(what_ends_a_process_by_default_still_does) {
  for (int signo : {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGRTMIN + 3}) {
    int status = status_of_child([signo] {
      Subscribed subscribed(signo);
      raise(signo);
    });
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), signo);
    status = status_of_child([signo] {
      Subscribed subscribed(signo, true);
      raise(signo);
      if (subscribed.collect() != 1) _exit(1);
    });
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
  }
}

// As Node.js does for SIGINT and SIGTERM: a handler for one time, which cleans up and raises again.
TEST(a_one_time_handler_that_raises_again_ends_the_process) {
  int status = status_of_child([] {
    Disposition theirs(SIGTERM, [](int signo) { raise(signo); }, SA_RESETHAND);
    Subscribed subscribed(SIGTERM);
    raise(SIGTERM);
  });
  CHECK(WIFSIGNALED(status));
  CHECK_EQ(WTERMSIG(status), SIGTERM);
}

TEST(a_stop_signal_stops_as_itself_and_counts_after_the_process_goes_on) {
  pid_t child = start_child([] {
    Subscribed subscribed(SIGTSTP);
    for (int i = 0; i < 2; i++) {
      raise(SIGTSTP);
      if (subscribed.collect() != 1) _exit(1);
    }
  });
  int status;
  for (int i = 0; i < 2; i++) {
    status = status_of(child);
    CHECK(WIFSTOPPED(status));
    if (!WIFSTOPPED(status)) return;
    CHECK_EQ(WSTOPSIG(status), SIGTSTP);
    kill(child, SIGCONT);
  }
  status = status_of(child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

TEST(what_is_ignored_by_default_or_by_choice_does_nothing_but_count) {
  for (int signo : {SIGCHLD, SIGURG, SIGWINCH, SIGCONT}) {
    Subscribed subscribed(signo);
    raise(signo);
    CHECK_EQ(subscribed.collect(), 1u);
  }
  Disposition theirs(SIGTERM, SIG_IGN);
  Subscribed subscribed(SIGTERM);
  raise(SIGTERM);
  CHECK_EQ(subscribed.collect(), 1u);
}

TEST(children_that_nobody_waits_for_still_leave_no_zombie) {
  int status = status_of_child([] {
    Disposition theirs(SIGCHLD, SIG_IGN);
    Subscribed subscribed(SIGCHLD);
    pid_t grandchild = fork();
    if (grandchild == 0) _exit(0);
    while (waitpid(grandchild, nullptr, 0) < 0 && errno == EINTR) continue;
    if (errno != ECHILD || subscribed.collect() != 1) _exit(1);
  });
  CHECK_EQ(status, 0);
}

TEST(the_handler_leaves_errno_alone) {
  Subscribed subscribed(SIGUSR1, true);
  errno = 1234;
  raise(SIGUSR1);
  CHECK_EQ(errno, 1234);
}

TEST(signals_that_cannot_be_left_to_a_queue_are_refused) {
  kevent::SignalSubscription* none = nullptr;
  for (int signo : {-1, 0, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, 32, 33, 65, 1 << 30}) {
    CHECK_EQ(SignalHub::instance().subscribe(signo, false, &none), -EINVAL);
    CHECK(none == nullptr);
  }
}

}  // namespace
