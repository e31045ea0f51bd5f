// System calls of the fast path, without a function around them.
//
// The C library's recv(), send(), accept4() and close() are cancellation points, which costs more than all else here in a program with
// threads. Nor is its syscall() for free: a processor that distrusts its return stack after each system call mispredicts
// every return that follows, and there is one less here.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace kevent {

// The result, or a negative errno.
inline long direct_call(long number, long first, long second, long third, long fourth = 0, long fifth = 0) {
#if defined(__x86_64__) && !defined(__ILP32__)
  long result;
  register long given_fourth __asm__("r10") = fourth;
  register long given_fifth __asm__("r8") = fifth;
  register long sixth __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(third), "r"(given_fourth), "r"(given_fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
#else
  long result = syscall(number, first, second, third, fourth, fifth, 0);
  return result < 0 ? -errno : result;
#endif
}

inline ssize_t receive_from(int fd, void* memory, size_t size, int flags) {
  return direct_call(SYS_recvfrom, fd, reinterpret_cast<long>(memory), static_cast<long>(size), flags);
}

inline ssize_t send_to(int fd, const void* memory, size_t size, int flags) {
  return direct_call(SYS_sendto, fd, reinterpret_cast<long>(memory), static_cast<long>(size), flags);
}

// The new connection's descriptor. *length is the room for the address, and then its length.
inline int accept_from(int fd, sockaddr* address, socklen_t* length, int flags) {
  return static_cast<int>(
      direct_call(SYS_accept4, fd, reinterpret_cast<long>(address), reinterpret_cast<long>(length), flags));
}

// 0 or a negative errno, as the two behind it.
inline int get_option(int fd, int level, int option, int* value, socklen_t* length) {
  return static_cast<int>(
      direct_call(SYS_getsockopt, fd, level, option, reinterpret_cast<long>(value), reinterpret_cast<long>(length)));
}

inline int epoll_change(int set, int op, int fd, const epoll_event& event) {
  return static_cast<int>(direct_call(SYS_epoll_ctl, set, op, fd, reinterpret_cast<long>(&event)));
}

inline int close_directly(int fd) { return static_cast<int>(direct_call(SYS_close, fd, 0, 0)); }

}  // namespace kevent
