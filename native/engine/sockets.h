// Stream sockets as a server and a client need them: made, named, listened on, connected, closed.
//
// Nothing here is about a queue. Every call returns a negative errno on failure, and none of them waits,
// provided that the descriptor is non-blocking, as all that are made here are.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>

namespace kevent {

enum class Family : uint32_t { other = 0, local = 1, ipv4 = 4, ipv6 = 6 };

// 'IPv4', 'IPv6', 'unix', 'unknown': as Node.js names them.
const char* text_of(Family family);

enum BindFlags : uint32_t {
  kReusePort = 1,  // several sockets may listen on one port: the kernel divides the connections
  kIpv6Only = 2,   // not IPv4 as well, whatever net.ipv6.bindv6only says
};

struct SocketName {
  Family family;
  uint16_t port;  // 0 for local ones
  uint32_t length;
  // IPv4, IPv6: numeric, a link-local one with its scope, as fe80::1%eth0. Local: the path, not
  // terminated; an abstract name begins with NUL; unnamed ones are empty.
  char address[sizeof(sockaddr_un::sun_path)];
};

enum class FdKind : uint32_t { unknown, tcp, udp, local, pipe, tty, file };

struct FdDescription {
  FdKind kind;
  Family family;  // of sockets
  bool stream;    // SOCK_STREAM
  bool listening;
};

// Non-blocking and close-on-exec. EAFNOSUPPORT (no such family), EPROTONOSUPPORT (type is not SOCK_STREAM).
int socket_open(Family family, uint32_t type);

// EINVAL if address is not numeric, EADDRINUSE, EADDRNOTAVAIL, EACCES, ENODEV (no such scope).
// A TCP port whose last connections are in TIME_WAIT is not in use.
int socket_bind(int fd, const char* address, uint16_t port, uint32_t flags);
// path of length bytes; a leading NUL makes it abstract. ENAMETOOLONG, EADDRINUSE, EACCES, ENOENT.
int socket_bind_path(int fd, const char* path, size_t length);
int socket_listen(int fd, int backlog);

// 0 if connected at once, else as a rule EINPROGRESS: then SEND tells when it is decided, SO_ERROR how.
int socket_connect(int fd, const char* address, uint16_t port);
// EAGAIN: the other side's backlog is full, and nobody will tell when it is not.
int socket_connect_path(int fd, const char* path, size_t length);

// One recv. Bytes, 0 at the end, or a negative errno: EAGAIN, ENOTSOCK (a pipe, say).
int socket_receive(int fd, void* memory, size_t size);

// how: SHUT_RD, SHUT_WR, SHUT_RDWR.
int socket_shutdown(int fd, uint32_t how);
int socket_name(int fd, SocketName* name);
int socket_peer(int fd, SocketName* name);
// What kevent_accept and others wrote as a sockaddr.
int socket_name_of(const void* address, uint32_t length, SocketName* name);

int socket_set_option(int fd, int level, int option, int value);
int socket_get_option(int fd, int level, int option, int* value);

// Closes with RST instead of FIN: what is not sent yet is thrown away. The descriptor is closed in every case
// but EBADF and ENOTSOCK.
int socket_reset(int fd);

int close_fd(int fd);
int set_nonblocking(int fd);
int describe_fd(int fd, FdDescription* description);

}  // namespace kevent
