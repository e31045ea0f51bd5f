// Time, for tests: they wait for conditions, and give up only long after they should have come.
#pragma once

#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "check.h"
#include "kevent.h"

// What comes later than this did not come because of what was waited for.
constexpr uint64_t kLateNs = 10000000000;
// The timeout of calls that must end for another reason: so far away that the end is late.
constexpr kevent_timespec kPatience = {30, 0};

inline uint64_t now_ns(clockid_t clock = CLOCK_MONOTONIC) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

inline kevent_timespec to_timespec(uint64_t ns) {
  return {static_cast<int64_t>(ns / 1000000000), static_cast<int64_t>(ns % 1000000000)};
}

template <class Condition>
void eventually(Condition condition) {
  uint64_t start = now_ns();
  while (!condition()) {
    CHECK(now_ns() - start < kLateNs);
    usleep(100);
  }
}
