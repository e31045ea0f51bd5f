// How much sooner than an exact timer is due the kernel is asked for the wake-up. The rest is waited for on the
// processor, as a processor that sleeps is woken later than it was asked for, by how much nobody says.
#pragma once

#include <cstdint>

namespace kevent {

class Aim {
 public:
  // The lead: what nearly all wake-ups were late by, as far as there is credit to wait for so long.
  uint64_t lead(uint64_t now);
  // What was asked of the kernel came so late.
  void woken(uint64_t late_ns);
  void waited(uint64_t ns);

 private:
  // One part in so many of the time that passes may be spent waiting.
  static constexpr uint64_t kShare = 16;
  static constexpr uint64_t kLongest = 200000;
  // Rises by one step for what was later, and falls by a hundredth of it for what was not: so about one in a
  // hundred is later.
  static constexpr uint64_t kRise = 20000;
  static constexpr uint64_t kFall = kRise / 100;

  uint64_t late_ns_ = kLongest / 2;
  uint64_t credit_ns_ = kLongest;  // a lead's worth at most: what was not spent does not pile up
  uint64_t credited_at_ns_ = 0;
};

// Without any lock. Returns at that time, never before, unless fd is readable.
void wait_on_processor(uint64_t until_ns, int fd);

}  // namespace kevent
