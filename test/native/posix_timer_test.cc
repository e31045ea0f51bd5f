// POSIX_TIMER: kevents on timers with a clock, a first expiry and an interval of their own.
#include "caller.h"
#include "test_queue.h"

namespace {

constexpr int64_t kMs = 1000000;

class Timer {
 public:
  explicit Timer(uint32_t clock = CLOCK_MONOTONIC) : handle_(kevent_timer_create(clock)) { CHECK(handle_ > 0); }
  ~Timer() {
    if (handle_ > 0) CHECK_EQ(kevent_timer_delete(handle_), 0);
  }
  void destroy() {
    CHECK_EQ(kevent_timer_delete(handle_), 0);
    handle_ = -1;
  }
  int handle() const { return handle_; }
  int set(int64_t ns, int64_t interval = 0) const {
    kevent_timespec value = {ns / 1000000000, ns % 1000000000};
    kevent_timespec every = {interval / 1000000000, interval % 1000000000};
    return kevent_timer_settime(handle_, 0, &value, &every);
  }
  int set_absolute(uint64_t ns, uint32_t flags = KEVENT_TIMER_ABSTIME) const {
    kevent_timespec value = to_timespec(ns);
    return kevent_timer_settime(handle_, flags, &value, nullptr);
  }
  ukevent kevent(uint32_t req_flags = 0) const {
    return request(KEVENT_POSIX_TIMER, static_cast<uint64_t>(handle_), KEVENT_TIMER_FIRED, req_flags);
  }

 private:
  int handle_;
};

TEST(B15_a_periodic_posix_timer_fires_again_and_again) {
  TestQueue queue;
  Timer timer;
  CHECK_EQ(queue.add(timer.kevent()), 0);
  CHECK(queue.idle());
  CHECK_EQ(timer.set(kMs, kMs), 0);
  uint64_t start = now_ns();
  uint64_t expirations = 0;
  for (int i = 0; i < 5; i++) {
    ukevent event = queue.next();
    CHECK(event.ret_data[0] >= 1);
    CHECK_EQ(event.ret_data[1], 0u);
    expirations += event.ret_data[0];
  }
  CHECK(now_ns() - start >= (expirations - 1) * uint64_t{kMs});
  CHECK_EQ(queue.stats().kevents, 1u);
}

TEST(B15_the_id_is_a_handle_and_unknown_ones_are_refused) {
  TestQueue queue;
  for (uint64_t id : {uint64_t{0}, uint64_t{0x7fffffff}, uint64_t{1} << 40, UINT64_MAX}) {
    CHECK_EQ(queue.add(request(KEVENT_POSIX_TIMER, id, KEVENT_TIMER_FIRED)), -EINVAL);
  }
  Timer timer;
  ukevent kevent = timer.kevent();
  timer.destroy();
  CHECK_EQ(queue.add(kevent), -EINVAL);
}

TEST(expirations_of_an_uncommitted_event_are_counted_for_the_next) {
  TestQueue queue;
  Timer timer;
  queue.add(timer.kevent());
  timer.set(kMs, kMs);
  queue.read_one();
  uint64_t start = now_ns();
  eventually([&] { return now_ns() - start > 6 * kMs; });
  CHECK(queue.idle());
  CHECK_EQ(queue.commit_read(), 1);
  CHECK(queue.next().ret_data[0] >= 5);
}

TEST(a_timer_has_one_kevent) {
  TestQueue queue, other;
  Timer timer;
  CHECK_EQ(queue.add(timer.kevent()), 0);
  CHECK_EQ(queue.add(timer.kevent()), -EEXIST);
  ukevent second = timer.kevent();
  second.user[0] = 1;
  CHECK_EQ(queue.add(second), -EBUSY);
  CHECK_EQ(other.add(timer.kevent()), -EBUSY);
  CHECK_EQ(queue.remove(timer.kevent()), 0);
  CHECK_EQ(other.add(timer.kevent()), 0);
  other.close();
  CHECK_EQ(queue.add(timer.kevent()), 0);
}

TEST(each_clock_and_absolute_times_work) {
  for (uint32_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME}) {
    TestQueue queue;
    Timer timer(clock);
    queue.add(timer.kevent(KEVENT_REQ_ET));
    CHECK_EQ(timer.set(kMs), 0);
    CHECK_EQ(queue.next().ret_data[0], 1u);
    uint64_t end = now_ns(static_cast<clockid_t>(clock)) + 2 * kMs;
    CHECK_EQ(timer.set_absolute(end), 0);
    CHECK_EQ(queue.next().ret_data[0], 1u);
    CHECK(now_ns(static_cast<clockid_t>(clock)) >= end);
    CHECK_EQ(timer.set_absolute(1), 0);  // long past
    CHECK_EQ(queue.next().ret_data[0], 1u);
    CHECK(queue.idle());
  }
}

TEST(a_timer_that_fired_before_ADD_is_ready_then) {
  TestQueue queue;
  Timer timer;
  CHECK_EQ(timer.set(1), 0);
  kevent_timespec value;
  eventually([&] { return kevent_timer_gettime(timer.handle(), &value, nullptr) == 0 && value.sec + value.nsec == 0; });
  ukevent entry = timer.kevent(KEVENT_REQ_ALWAYS_QUEUE);
  CHECK_EQ(queue.add(entry), 0);
  CHECK_EQ(queue.next().ret_data[0], 1u);
  CHECK_EQ(queue.remove(entry), 0);
  CHECK_EQ(timer.set(1), 0);
  eventually([&] { return kevent_timer_gettime(timer.handle(), &value, nullptr) == 0 && value.sec + value.nsec == 0; });
  entry.req_flags = 0;
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
  CHECK_EQ(entry.ret_data[0], 1u);
  // Not registered, so the timer is free for another kevent.
  CHECK_EQ(queue.add(entry), 0);
}

TEST(a_timer_set_anew_before_its_event_was_delivered_has_nothing_to_say) {
  TestQueue queue;
  Timer timer;
  queue.add(timer.kevent());
  timer.set(1);
  CHECK_EQ(kevent_wait(queue.fd(), 0, 0, &kPatience, 0), 0);  // collected
  CHECK_EQ(timer.set(3600 * 1000 * kMs), 0);
  CHECK(queue.idle());
  CHECK_EQ(timer.set(1), 0);
  CHECK_EQ(queue.next().ret_data[0], 1u);
}

TEST(ONESHOT_takes_the_first_expiry_of_a_periodic_timer) {
  TestQueue queue;
  Timer timer;
  queue.add(timer.kevent(KEVENT_REQ_ONESHOT));
  timer.set(kMs, kMs);
  CHECK(queue.next().ret_data[0] >= 1);
  CHECK_EQ(queue.stats().kevents, 0u);
  CHECK_EQ(queue.add(timer.kevent(KEVENT_REQ_ALWAYS_QUEUE)), 0);
  CHECK(queue.next().ret_data[0] >= 1);
}

TEST(setting_the_clock_fires_a_timer_that_asked_for_it) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (clock_settime(CLOCK_REALTIME, &now) < 0) return;  // not allowed to
  TestQueue queue;
  Timer timer(CLOCK_REALTIME);
  queue.add(timer.kevent());
  uint64_t far = now_ns(CLOCK_REALTIME) + 3600000000000;
  CHECK_EQ(timer.set_absolute(far, KEVENT_TIMER_ABSTIME | KEVENT_TIMER_CANCEL_ON_SET), 0);
  CHECK(queue.idle());
  clock_gettime(CLOCK_REALTIME, &now);
  CHECK_EQ(clock_settime(CLOCK_REALTIME, &now), 0);
  ukevent event = queue.next();
  CHECK_EQ(event.ret_data[0], 0u);
  CHECK_EQ(event.ret_data[1], KEVENT_TIMER_STEPPED);
  CHECK(queue.idle());
}

TEST(a_deleted_timer_leaves_a_silent_kevent_that_can_be_removed) {
  TestQueue queue;
  Timer timer;
  ukevent kevent = timer.kevent();
  queue.add(kevent);
  timer.set(kMs, kMs);
  timer.destroy();
  CHECK(queue.idle());
  CHECK_EQ(queue.remove(kevent), 0);
}

}  // namespace
