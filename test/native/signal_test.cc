// SIGNAL: every kevent hears of every signal, how often and from whom.
#include <signal.h>
#include <sys/wait.h>

#include "caller.h"
#include "test_queue.h"

namespace {

volatile sig_atomic_t handled = 0;

// A handler of the program's own, for as long as the test runs.
class Handler {
 public:
  explicit Handler(int signo) : signo_(signo) {
    handled = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { handled = handled + 1; };
    CHECK_EQ(sigaction(signo, &action, &old_), 0);
  }
  ~Handler() { sigaction(signo_, &old_, nullptr); }

 private:
  int signo_;
  struct sigaction old_;
};

ukevent signal_event(int signo, uint32_t req_flags = 0, uint32_t user = 0) {
  return request(KEVENT_SIGNAL, static_cast<uint64_t>(signo), KEVENT_SIGNAL_DELIVERY, req_flags, user);
}

ukevent nomask(int signo, uint32_t req_flags = 0, uint32_t user = 0) {
  ukevent entry = signal_event(signo, req_flags, user);
  entry.id.raw_u64 |= KEVENT_SIGNAL_NOMASK;
  return entry;
}

void send(int signo) { CHECK_EQ(kill(getpid(), signo), 0); }

std::vector<kevent_signal_record> records_of(TestQueue& queue, const ukevent& event) {
  std::vector<kevent_signal_record> records(16);
  int bytes = kevent_payload(queue.fd(), event.ret_data[1], records.data(),
                             static_cast<uint32_t>(records.size() * sizeof records[0]));
  CHECK(bytes >= 0);
  CHECK_EQ(bytes % static_cast<int>(sizeof records[0]), 0);
  records.resize(static_cast<size_t>(bytes) / sizeof records[0]);
  return records;
}

TEST(B32_a_signal_that_came_before_ADD_is_not_reported) {
  Handler handler(SIGUSR1);
  send(SIGUSR1);
  TestQueue queue;
  CHECK_EQ(queue.add(signal_event(SIGUSR1, KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK(queue.idle());
  // Nor is one that came to an earlier life of the kevent.
  send(SIGUSR1);
  CHECK_EQ(queue.remove(signal_event(SIGUSR1)), 0);
  CHECK_EQ(queue.add(signal_event(SIGUSR1)), 0);
  CHECK(queue.idle());
}

TEST(B32_every_kevent_gets_every_signal) {
  TestQueue one, two;
  CHECK_EQ(one.add(nomask(SIGUSR1)), 0);
  CHECK_EQ(one.add(nomask(SIGUSR1, 0, 1)), 0);
  CHECK_EQ(two.add(nomask(SIGUSR1, KEVENT_REQ_ET)), 0);
  for (int i = 0; i < 3; i++) {
    send(SIGUSR1);
    CHECK_EQ(one.next().ret_data[0], 1u);
    CHECK_EQ(one.next().ret_data[0], 1u);
    CHECK_EQ(two.next().ret_data[0], 1u);
  }
  CHECK(one.idle());
  CHECK(two.idle());
}

TEST(B32_a_signal_to_the_process_reaches_a_queue_whatever_thread_takes_it) {
  TestQueue queue;
  CHECK_EQ(queue.add(nomask(SIGUSR1)), 0);
  sigset_t blocked, old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  std::atomic<bool> started{false}, stop{false};
  Caller taker([&] {
    started = true;
    while (!stop) usleep(500);
    return 0;
  });
  eventually([&] { return started.load(); });
  // The main thread, the leader of its group, cannot take it now.
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  send(SIGUSR1);
  CHECK_EQ(queue.next().ret_data[0], 1u);
  stop = true;
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

TEST(B32_the_thread_that_added_a_kevent_may_go) {
  TestQueue queue;
  Caller adder([&] { return queue.add(nomask(SIGUSR1)); });
  CHECK_EQ(adder.result(), 0);
  send(SIGUSR1);
  CHECK_EQ(queue.next().ret_data[0], 1u);
}

TEST(B32_signals_that_cannot_be_left_to_a_queue_are_refused) {
  TestQueue queue;
  for (int signo : {0, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, 32, 65, 1000}) {
    CHECK_EQ(queue.add(signal_event(signo)), -EINVAL);
    CHECK_EQ(queue.add(nomask(signo)), -EINVAL);
  }
  CHECK_EQ(queue.add(request(KEVENT_SIGNAL, uint64_t{10} | uint64_t{1} << 40, 1)), -EINVAL);
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(without_NOMASK_the_programs_handler_runs_as_well) {
  Handler handler(SIGUSR2);
  {
    TestQueue queue;
    CHECK_EQ(queue.add(signal_event(SIGUSR2)), 0);
    send(SIGUSR2);
    CHECK_EQ(queue.next().ret_data[0], 1u);
    CHECK_EQ(handled, 1);
    CHECK_EQ(queue.add(nomask(SIGUSR2)), 0);
    send(SIGUSR2);
    CHECK_EQ(queue.read().size(), 2u);
    CHECK_EQ(handled, 1);
    CHECK_EQ(queue.remove(nomask(SIGUSR2)), 0);
    send(SIGUSR2);
    CHECK_EQ(handled, 2);
  }
  // The queue is closed: all is as it was.
  send(SIGUSR2);
  CHECK_EQ(handled, 3);
}

TEST(a_record_says_who_sent_it_and_with_what) {
  TestQueue queue;
  int signo = SIGRTMIN + 3;
  CHECK_EQ(queue.add(nomask(signo)), 0);
  sigval value;
  value.sival_ptr = reinterpret_cast<void*>(uintptr_t{0x123456789abc});
  CHECK_EQ(sigqueue(getpid(), signo, value), 0);
  ukevent event = queue.read_one();
  CHECK_EQ(event.ret_data[0], 1u);
  std::vector<kevent_signal_record> records = records_of(queue, event);
  CHECK_EQ(records.size(), 1u);
  CHECK_EQ(records[0].signo, signo);
  CHECK_EQ(records[0].code, SI_QUEUE);
  CHECK_EQ(records[0].pid, static_cast<uint32_t>(getpid()));
  CHECK_EQ(records[0].uid, getuid());
  CHECK_EQ(records[0].value, 0x123456789abcu);
  // The payload lives as long as its slot.
  CHECK_EQ(queue.commit_read(), 1);
  CHECK_EQ(kevent_payload(queue.fd(), event.ret_data[1], nullptr, 0), -ENOENT);
}

TEST(the_exit_of_a_child_is_told_with_its_status) {
  TestQueue queue;
  CHECK_EQ(queue.add(signal_event(SIGCHLD)), 0);
  pid_t child = fork();
  if (child == 0) _exit(42);
  ukevent event = queue.read_one();
  std::vector<kevent_signal_record> records = records_of(queue, event);
  CHECK_EQ(records.size(), 1u);
  CHECK_EQ(records[0].pid, static_cast<uint32_t>(child));
  CHECK_EQ(records[0].code, CLD_EXITED);
  CHECK_EQ(records[0].status, 42);
  CHECK_EQ(waitpid(child, nullptr, 0), child);
}

TEST(signals_while_an_event_is_uncommitted_come_as_one_event_after_the_commit) {
  TestQueue queue;
  queue.add(nomask(SIGRTMIN));
  send(SIGRTMIN);
  queue.read_one();
  for (int i = 0; i < 4; i++) send(SIGRTMIN);
  CHECK(queue.idle());
  CHECK_EQ(queue.commit_read(), 1);
  ukevent event = queue.read_one();
  CHECK_EQ(event.ret_data[0], 4u);
  CHECK_EQ(records_of(queue, event).size(), 4u);
}

TEST(ET_signals_come_while_others_are_uncommitted_and_count_until_delivered) {
  TestQueue queue;
  queue.add(nomask(SIGRTMIN, KEVENT_REQ_ET));
  for (uint32_t count = 1; count <= 3; count++) {
    for (uint32_t i = 0; i < count; i++) send(SIGRTMIN);
    CHECK_EQ(queue.read_one().ret_data[0], count);
  }
  CHECK_EQ(queue.commit_read(), 3);
}

TEST(ONESHOT_hears_of_one_batch_of_signals) {
  TestQueue queue;
  queue.add(nomask(SIGUSR1, KEVENT_REQ_ONESHOT));
  queue.add(nomask(SIGUSR1, 0, 1));  // or the second one would end us
  send(SIGUSR1);
  CHECK_EQ(queue.read().size(), 2u);
  CHECK_EQ(queue.commit_read(), 2);
  send(SIGUSR1);
  CHECK_EQ(queue.next().user[0], 1u);
  CHECK(queue.idle());
}

TEST(a_signal_wakes_threads_that_sleep_in_different_queues) {
  TestQueue one, two;
  one.add(nomask(SIGUSR1));
  two.add(nomask(SIGUSR1));
  Caller first([&] { return one.wait(1, &kPatience); });
  Caller second([&] { return two.wait(1, &kPatience); });
  first.until_asleep();
  second.until_asleep();
  send(SIGUSR1);
  CHECK_EQ(first.result(), 1);
  CHECK_EQ(second.result(), 1);
}

TEST(payloads_of_a_queue_without_a_ring_are_kept_for_a_while) {
  TestQueue queue(0);
  queue.add(nomask(SIGUSR1));
  ukevent first, event;
  for (uint32_t i = 0; i <= KEVENT_KEPT_PAYLOADS; i++) {
    send(SIGUSR1);
    CHECK_EQ(kevent_get_events(queue.fd(), 1, 1, &kPatience, i ? &event : &first, 0), 1);
    CHECK_EQ(records_of(queue, i ? event : first).size(), 1u);
  }
  CHECK_EQ(kevent_payload(queue.fd(), first.ret_data[1], nullptr, 0), -ENOENT);
  CHECK_EQ(kevent_payload(queue.fd(), event.ret_data[1], nullptr, 0), static_cast<int>(sizeof(kevent_signal_record)));
  CHECK_EQ(kevent_payload(queue.fd(), 0, nullptr, 0), -ENOENT);
}

}  // namespace
