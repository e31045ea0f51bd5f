// System calls of the fast path, without a function around them.
//
// The C library's recv() and send() are cancellation points, which costs more than all else here in a program with
// threads. Nor is its syscall() for free: a processor that distrusts its return stack after each system call mispredicts
// every return that follows, and there is one less here.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace kevent {

// The result, or a negative errno. The last two arguments are nullptr and 0.
inline ssize_t transfer(long number, int fd, const void* memory, size_t size, int flags) {
#if defined(__x86_64__) && !defined(__ILP32__)
  long result;
  register long given_flags __asm__("r10") = flags;
  register long address __asm__("r8") = 0;
  register long length __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(static_cast<long>(fd)), "S"(memory), "d"(size), "r"(given_flags), "r"(address),
                     "r"(length)
                   : "rcx", "r11", "memory");
  return result;
#else
  long result = syscall(number, fd, memory, size, flags, nullptr, 0);
  return result < 0 ? -errno : result;
#endif
}

inline ssize_t receive_from(int fd, void* memory, size_t size, int flags) {
  return transfer(SYS_recvfrom, fd, memory, size, flags);
}

inline ssize_t send_to(int fd, const void* memory, size_t size, int flags) {
  return transfer(SYS_sendto, fd, memory, size, flags);
}

}  // namespace kevent
