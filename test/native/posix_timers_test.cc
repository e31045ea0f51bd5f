// POSIX timers through the C calls, and through the claim that a kevent makes on one.
#include "pollers/posix_timers.h"

#include <poll.h>
#include <time.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "check.h"

namespace {

using kevent::Fd;
using kevent::PosixTimers;

constexpr uint32_t kClocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
constexpr kevent_timespec kNever = {0, 0};
constexpr kevent_timespec kMillisecond = {0, 1000000};
constexpr kevent_timespec kHour = {3600, 0};

struct Timer {
  int handle;
  explicit Timer(uint32_t clock = CLOCK_MONOTONIC) : handle(kevent_timer_create(clock)) { CHECK(handle > 0); }
  ~Timer() { kevent_timer_delete(handle); }
};

// Claimed, as a kevent would have it.
struct Claim {
  int handle;
  std::shared_ptr<Fd> fd;
  explicit Claim(const Timer& timer) : handle(timer.handle) {
    CHECK_EQ(PosixTimers::instance().claim(handle, &fd), 0);
  }
  ~Claim() { PosixTimers::instance().release(handle); }
  bool expires_within(int milliseconds) const {
    pollfd watched = {fd->get(), POLLIN, 0};
    return poll(&watched, 1, milliseconds) == 1;
  }
};

TEST(a_timer_of_each_clock_expires_once) {
  for (uint32_t clock : kClocks) {
    Timer timer(clock);
    Claim claim(timer);
    CHECK_EQ(kevent::posix_timer_read(claim.fd->get()), 0);
    CHECK_EQ(kevent_timer_settime(timer.handle, 0, &kMillisecond, nullptr), 0);
    CHECK(claim.expires_within(10000));
    CHECK_EQ(kevent::posix_timer_read(claim.fd->get()), 1);
    CHECK_EQ(kevent::posix_timer_read(claim.fd->get()), 0);
    CHECK(!claim.expires_within(20));
  }
}

TEST(each_expiry_of_a_periodic_timer_is_counted) {
  Timer timer;
  Claim claim(timer);
  timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  kevent_timer_settime(timer.handle, 0, &kMillisecond, &kMillisecond);
  int64_t expirations = 0;
  while (expirations < 20) {
    CHECK(claim.expires_within(10000));
    expirations += kevent::posix_timer_read(claim.fd->get());
  }
  clock_gettime(CLOCK_MONOTONIC, &after);
  int64_t elapsed = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
  CHECK(expirations <= elapsed + 1);
}

TEST(an_absolute_time_that_has_passed_expires_at_once) {
  for (uint32_t clock : kClocks) {
    Timer timer(clock);
    Claim claim(timer);
    kevent_timespec past = {0, 1};
    CHECK_EQ(kevent_timer_settime(timer.handle, KEVENT_TIMER_ABSTIME, &past, nullptr), 0);
    CHECK(claim.expires_within(10000));
  }
}

TEST(setting_a_timer_anew_forgets_what_it_had_counted) {
  Timer timer;
  Claim claim(timer);
  kevent_timer_settime(timer.handle, 0, &kMillisecond, nullptr);
  CHECK(claim.expires_within(10000));
  kevent_timer_settime(timer.handle, 0, &kHour, nullptr);
  CHECK_EQ(kevent::posix_timer_read(claim.fd->get()), 0);
}

TEST(gettime_tells_what_is_left_and_the_interval) {
  Timer timer;
  kevent_timespec value = {9, 9}, interval = {9, 9};
  CHECK_EQ(kevent_timer_gettime(timer.handle, &value, &interval), 0);
  CHECK_EQ(value.sec, 0);
  CHECK_EQ(value.nsec, 0);
  kevent_timer_settime(timer.handle, 0, &kHour, &kMillisecond);
  CHECK_EQ(kevent_timer_gettime(timer.handle, &value, &interval), 0);
  CHECK(value.sec == 3599 || (value.sec == 3600 && value.nsec == 0));
  CHECK_EQ(interval.sec, 0);
  CHECK_EQ(interval.nsec, kMillisecond.nsec);
  kevent_timer_settime(timer.handle, 0, &kNever, nullptr);
  kevent_timer_gettime(timer.handle, &value, &interval);
  CHECK_EQ(value.sec, 0);
}

TEST(a_timer_has_one_kevent_at_a_time) {
  Timer timer;
  std::shared_ptr<Fd> second;
  {
    Claim claim(timer);
    CHECK_EQ(PosixTimers::instance().claim(timer.handle, &second), -EBUSY);
    CHECK(!second);
  }
  CHECK_EQ(PosixTimers::instance().claim(timer.handle, &second), 0);
  PosixTimers::instance().release(timer.handle);
}

TEST(a_deleted_timer_is_disarmed_and_its_claimed_descriptor_stays_open) {
  Timer timer;
  Claim claim(timer);
  kevent_timer_settime(timer.handle, 0, &kMillisecond, &kMillisecond);
  CHECK_EQ(kevent_timer_delete(timer.handle), 0);
  CHECK(!claim.expires_within(20));
  CHECK_EQ(kevent::posix_timer_read(claim.fd->get()), 0);
}

TEST(a_stale_handle_is_never_another_timer) {
  std::vector<int> stale;
  for (int i = 0; i < 1000; i++) {
    int handle = kevent_timer_create(CLOCK_MONOTONIC);
    for (int old : stale) CHECK(old != handle);
    stale.push_back(handle);
    CHECK_EQ(kevent_timer_delete(handle), 0);
  }
  Timer living;
  std::shared_ptr<Fd> fd;
  kevent_timespec out;
  for (int handle : stale) {
    CHECK_EQ(kevent_timer_settime(handle, 0, &kHour, nullptr), -EINVAL);
    CHECK_EQ(kevent_timer_gettime(handle, &out, &out), -EINVAL);
    CHECK_EQ(kevent_timer_delete(handle), -EINVAL);
    CHECK_EQ(PosixTimers::instance().claim(handle, &fd), -EINVAL);
    PosixTimers::instance().release(handle);
  }
  for (int handle : {INT_MIN, -1, 0, 1, 0xffff, 0x10000, INT_MAX}) {
    if (handle != living.handle) CHECK_EQ(kevent_timer_delete(handle), -EINVAL);
  }
}

TEST(bad_arguments_are_answered) {
  for (uint32_t clock : {2u, 3u, 6u, 8u, 9u, 11u, 0xffffffffu}) CHECK_EQ(kevent_timer_create(clock), -EINVAL);
  Timer timer;
  Timer wall(CLOCK_REALTIME);
  CHECK_EQ(kevent_timer_settime(timer.handle, 0, nullptr, nullptr), -EFAULT);
  CHECK_EQ(kevent_timer_settime(timer.handle, 4, &kHour, nullptr), -EINVAL);
  for (kevent_timespec bad : {kevent_timespec{-1, 0}, {0, -1}, {0, 1000000000}, {INT64_MIN, 0}}) {
    CHECK_EQ(kevent_timer_settime(timer.handle, 0, &bad, nullptr), -EINVAL);
    CHECK_EQ(kevent_timer_settime(timer.handle, 0, &kHour, &bad), -EINVAL);
  }
  uint32_t on_set = KEVENT_TIMER_CANCEL_ON_SET;
  CHECK_EQ(kevent_timer_settime(wall.handle, on_set, &kHour, nullptr), -EINVAL);
  CHECK_EQ(kevent_timer_settime(timer.handle, on_set | KEVENT_TIMER_ABSTIME, &kHour, nullptr), -EINVAL);
  CHECK_EQ(kevent_timer_settime(wall.handle, on_set | KEVENT_TIMER_ABSTIME, &kHour, nullptr), 0);
  kevent_timespec far = {INT64_MAX, 999999999};
  CHECK_EQ(kevent_timer_settime(timer.handle, 0, &far, nullptr), 0);
}

}  // namespace
