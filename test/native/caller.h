// A thread inside a call that may sleep. Tests wait for it to be asleep, not for time to pass.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "check.h"
#include "clock.h"

class Caller {
 public:
  template <class F>
  explicit Caller(F call)
      : thread_([this, call] {
          tid_ = static_cast<int>(syscall(SYS_gettid));
          result_ = call();
          returned_ = true;
        }) {}
  ~Caller() {
    if (thread_.joinable()) thread_.join();
  }

  // Parked in the engine: not running, and in one of the two calls that it sleeps in.
  bool asleep() const {
    if (!tid_ || returned_) return false;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid_.load());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char text[128] = {};
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0 || text[0] == 'r') return false;  // "running"
    long number = -1;
    unsigned long arguments[2] = {};
    sscanf(text, "%ld %lx %lx", &number, &arguments[0], &arguments[1]);
    constexpr unsigned long kWaitBitset = 9;  // a mutex sleeps in FUTEX_WAIT, 0
    return number == SYS_ppoll || (number == SYS_futex && (arguments[1] & 127) == kWaitBitset);
  }
  void until_asleep() const {
    eventually([this] {
      CHECK(!returned_);
      return asleep();
    });
  }
  bool returned() const { return returned_; }
  // What the call returned, which it does without waiting for its timeout.
  int result() {
    eventually([this] { return returned(); });
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  std::atomic<int> tid_{0};
  std::atomic<bool> returned_{false};
  int result_ = 0;
  std::thread thread_;
};
