#include "sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "direct_calls.h"

namespace kevent {
namespace {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

constexpr size_t kLongest = INET6_ADDRSTRLEN + 1 + IF_NAMESIZE;
static_assert(sizeof(SocketName::address) >= kLongest, "the longest address with its scope fits");

int outcome(int result) { return result < 0 ? -errno : result; }

// Numbers only: whoever has a name has to look it up elsewhere, where waiting does no harm.
int resolve(const char* text, uint16_t port, Address* address) {
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&address->storage);
  if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(port);
    address->length = sizeof *ipv4;
    return 0;
  }
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&address->storage);
  const char* scope = strchr(text, '%');
  char number[INET6_ADDRSTRLEN] = {};
  size_t length = scope ? static_cast<size_t>(scope - text) : strlen(text);
  if (length >= sizeof number) return -EINVAL;
  memcpy(number, text, length);
  if (inet_pton(AF_INET6, number, &ipv6->sin6_addr) != 1) return -EINVAL;
  if (scope) {
    ipv6->sin6_scope_id = if_nametoindex(scope + 1);
    if (ipv6->sin6_scope_id == 0) return -ENODEV;
  }
  ipv6->sin6_family = AF_INET6;
  ipv6->sin6_port = htons(port);
  address->length = sizeof *ipv6;
  return 0;
}

int resolve_path(const char* path, size_t length, Address* address) {
  auto* local = reinterpret_cast<sockaddr_un*>(&address->storage);
  if (length == 0) return -EINVAL;
  if (length > sizeof local->sun_path) return -ENAMETOOLONG;
  bool abstract = path[0] == '\0';
  // The kernel would take what is before the NUL.
  if (!abstract && memchr(path, 0, length)) return -EINVAL;
  local->sun_family = AF_UNIX;
  memcpy(local->sun_path, path, length);
  address->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  return 0;
}

int connect_to(int fd, Address& address) {
  if (connect(fd, address.get(), address.length) == 0) return 0;
  // Interrupted or not, it goes on by itself.
  return errno == EINTR ? -EINPROGRESS : -errno;
}

int integer_option(int fd, int option) {
  int value = 0;
  return socket_get_option(fd, SOL_SOCKET, option, &value) < 0 ? -1 : value;
}

Family family_of(int domain) {
  switch (domain) {
    case AF_INET: return Family::ipv4;
    case AF_INET6: return Family::ipv6;
    case AF_UNIX: return Family::local;
    default: return Family::other;
  }
}

}  // namespace

const char* text_of(Family family) {
  switch (family) {
    case Family::ipv4: return "IPv4";
    case Family::ipv6: return "IPv6";
    case Family::local: return "unix";
    case Family::other: break;
  }
  return "unknown";
}

int socket_open(Family family, uint32_t type) {
  int domain;
  switch (family) {
    case Family::ipv4: domain = AF_INET; break;
    case Family::ipv6: domain = AF_INET6; break;
    case Family::local: domain = AF_UNIX; break;
    default: return -EAFNOSUPPORT;
  }
  if (type != SOCK_STREAM) return -EPROTONOSUPPORT;
  return outcome(socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int socket_bind(int fd, const char* text, uint16_t port, uint32_t flags) {
  if (flags & ~uint32_t{kReusePort | kIpv6Only}) return -EINVAL;
  Address address;
  int error = resolve(text, port, &address);
  if (error == 0) error = socket_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (error == 0 && flags & kReusePort) error = socket_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (error == 0 && address.storage.ss_family == AF_INET6) {
    error = socket_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, flags & kIpv6Only ? 1 : 0);
  }
  return error < 0 ? error : outcome(bind(fd, address.get(), address.length));
}

int socket_bind_path(int fd, const char* path, size_t length) {
  Address address;
  int error = resolve_path(path, length, &address);
  return error < 0 ? error : outcome(bind(fd, address.get(), address.length));
}

int socket_listen(int fd, int backlog) { return outcome(listen(fd, backlog)); }

int socket_connect(int fd, const char* text, uint16_t port) {
  Address address;
  int error = resolve(text, port, &address);
  return error < 0 ? error : connect_to(fd, address);
}

int socket_connect_path(int fd, const char* path, size_t length) {
  Address address;
  int error = resolve_path(path, length, &address);
  return error < 0 ? error : connect_to(fd, address);
}

int socket_receive(int fd, void* memory, size_t size) {
  size_t most = std::min<size_t>(size, INT_MAX);
  for (;;) {
    ssize_t length = receive_from(fd, memory, most, MSG_DONTWAIT);
    if (length != -EINTR) return static_cast<int>(length);
  }
}

int socket_shutdown(int fd, uint32_t how) {
  return how > SHUT_RDWR ? -EINVAL : outcome(shutdown(fd, static_cast<int>(how)));
}

int socket_name_of(const void* raw, uint32_t length, SocketName* name) {
  *name = {};
  Address address;
  address.length = std::min<socklen_t>(length, sizeof address.storage);
  if (address.length < sizeof(sa_family_t)) return -EINVAL;
  memcpy(&address.storage, raw, address.length);
  name->family = family_of(address.storage.ss_family);
  switch (name->family) {
    case Family::ipv4: {
      const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address.storage);
      inet_ntop(AF_INET, &ipv4.sin_addr, name->address, sizeof name->address);
      name->port = ntohs(ipv4.sin_port);
      break;
    }
    case Family::ipv6: {
      const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
      inet_ntop(AF_INET6, &ipv6.sin6_addr, name->address, INET6_ADDRSTRLEN);
      name->port = ntohs(ipv6.sin6_port);
      char scope[IF_NAMESIZE];
      if (ipv6.sin6_scope_id && IN6_IS_ADDR_LINKLOCAL(&ipv6.sin6_addr) && if_indextoname(ipv6.sin6_scope_id, scope)) {
        strcat(strcat(name->address, "%"), scope);
      }
      break;
    }
    case Family::local: {
      const auto& local = reinterpret_cast<const sockaddr_un&>(address.storage);
      constexpr size_t header = offsetof(sockaddr_un, sun_path);
      size_t size = address.length > header ? address.length - header : 0;
      size = std::min(size, sizeof name->address);
      if (size > 0 && local.sun_path[0] != '\0') size = strnlen(local.sun_path, size);
      memcpy(name->address, local.sun_path, size);
      name->length = static_cast<uint32_t>(size);
      return 0;
    }
    case Family::other: return 0;
  }
  name->length = static_cast<uint32_t>(strlen(name->address));
  return 0;
}

int socket_name(int fd, SocketName* name) {
  Address address;
  address.length = sizeof address.storage;
  if (getsockname(fd, address.get(), &address.length) < 0) return -errno;
  return socket_name_of(&address.storage, address.length, name);
}

int socket_peer(int fd, SocketName* name) {
  Address address;
  address.length = sizeof address.storage;
  if (getpeername(fd, address.get(), &address.length) < 0) return -errno;
  return socket_name_of(&address.storage, address.length, name);
}

int socket_set_option(int fd, int level, int option, int value) {
  return outcome(setsockopt(fd, level, option, &value, sizeof value));
}

int socket_get_option(int fd, int level, int option, int* value) {
  *value = 0;
  socklen_t length = sizeof *value;
  return get_option(fd, level, option, value, &length);
}

int socket_reset(int fd) {
  linger now = {1, 0};
  if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) < 0 && (errno == EBADF || errno == ENOTSOCK)) {
    return -errno;
  }
  return close_fd(fd);
}

int close_fd(int fd) {
  // Linux has let go of the number even when it says that it was interrupted.
  int result = close_directly(fd);
  return result == -EINTR ? 0 : result;
}

int set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  return flags & O_NONBLOCK ? 0 : outcome(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

int describe_fd(int fd, FdDescription* description) {
  *description = {};
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if (S_ISFIFO(status.st_mode)) {
    description->kind = FdKind::pipe;
  } else if (S_ISREG(status.st_mode)) {
    description->kind = FdKind::file;
  } else if (S_ISCHR(status.st_mode)) {
    if (isatty(fd)) description->kind = FdKind::tty;
  } else if (S_ISSOCK(status.st_mode)) {
    int type = integer_option(fd, SO_TYPE);
    description->family = family_of(integer_option(fd, SO_DOMAIN));
    description->stream = type == SOCK_STREAM;
    description->listening = integer_option(fd, SO_ACCEPTCONN) == 1;
    if (description->family == Family::local) {
      description->kind = FdKind::local;
    } else if (description->family != Family::other && type == SOCK_STREAM) {
      description->kind = FdKind::tcp;
    } else if (description->family != Family::other && type == SOCK_DGRAM) {
      description->kind = FdKind::udp;
    }
  }
  return 0;
}

}  // namespace kevent
