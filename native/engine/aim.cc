#include "aim.h"

#include <poll.h>

#include <algorithm>

#include "deadline.h"

namespace kevent {
namespace {

// From here on only the clock is looked at: to ask the kernel may take as long.
constexpr uint64_t kLastPart = 5000;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");  // yield does nothing on most of them
#endif
}

}  // namespace

uint64_t Aim::lead(uint64_t now) {
  credit_ns_ = std::min(credit_ns_ + (now - credited_at_ns_) / kShare, kLongest);
  credited_at_ns_ = now;
  return std::min(late_ns_, credit_ns_);
}

void Aim::woken(uint64_t late_ns) {
  if (late_ns > late_ns_) {
    late_ns_ = std::min({late_ns_ + kRise, late_ns, kLongest});
  } else {
    late_ns_ -= std::min(late_ns_ - late_ns, kFall);
  }
}

void Aim::waited(uint64_t ns) { credit_ns_ -= std::min(credit_ns_, ns); }

void wait_on_processor(uint64_t until_ns, int fd) {
  pollfd entry = {fd, POLLIN, 0};
  for (uint64_t now = monotonic_now(); now < until_ns; now = monotonic_now()) {
    if (until_ns - now > kLastPart && poll(&entry, 1, 0) > 0) return;
    relax();
  }
}

}  // namespace kevent
