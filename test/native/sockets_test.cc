// The calls on sockets: addresses of every family, what is refused, and what closing leaves behind.
#include "sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <string>
#include <vector>

#include "test_queue.h"

namespace {

using kevent::Family;
using kevent::FdDescription;
using kevent::FdKind;
using kevent::SocketName;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) { CHECK(fd_ >= 0); }
  explicit Socket(Family family) : Socket(kevent::socket_open(family, SOCK_STREAM)) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }
  SocketName name() const {
    SocketName name;
    CHECK_EQ(kevent::socket_name(fd_, &name), 0);
    return name;
  }
  bool comes(short events) const {
    pollfd one = {fd_, events, 0};
    return poll(&one, 1, 10000) == 1;
  }

 private:
  int fd_;
};

std::string text(const SocketName& name) { return std::string(name.address, name.length); }

// A listener on loopback, and its port.
struct Listener : Socket {
  uint16_t port;
  explicit Listener(Family family = Family::ipv4, uint32_t flags = 0) : Socket(family) {
    CHECK_EQ(kevent::socket_bind(fd(), family == Family::ipv4 ? "127.0.0.1" : "::1", 0, flags), 0);
    CHECK_EQ(kevent::socket_listen(fd(), 64), 0);
    port = name().port;
  }
  int accept() const {
    CHECK(comes(POLLIN));
    int32_t fds[1];
    CHECK_EQ(kevent_accept_many(fd(), fds, 1), 1);
    return fds[0];
  }
};

void connect_to(const Socket& socket, const Listener& listener, const char* address = "127.0.0.1") {
  int result = kevent::socket_connect(socket.fd(), address, listener.port);
  CHECK(result == 0 || result == -EINPROGRESS);
  CHECK(socket.comes(POLLOUT));
  int error;
  CHECK_EQ(kevent::socket_get_option(socket.fd(), SOL_SOCKET, SO_ERROR, &error), 0);
  CHECK_EQ(error, 0);
}

TEST(sockets_are_non_blocking_and_close_on_exec) {
  for (Family family : {Family::ipv4, Family::ipv6, Family::local}) {
    Socket socket(family);
    CHECK(fcntl(socket.fd(), F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC);
  }
  CHECK_EQ(kevent::socket_open(Family::other, SOCK_STREAM), -EAFNOSUPPORT);
  CHECK_EQ(kevent::socket_open(static_cast<Family>(77), SOCK_STREAM), -EAFNOSUPPORT);
  CHECK_EQ(kevent::socket_open(Family::ipv4, SOCK_DGRAM), -EPROTONOSUPPORT);
}

TEST(a_connection_has_a_name_at_each_end) {
  struct {
    Family family;
    const char* address;
  } cases[] = {{Family::ipv4, "127.0.0.1"}, {Family::ipv6, "::1"}};
  for (auto& [family, address] : cases) {
    Listener listener(family);
    Socket client(family);
    connect_to(client, listener, address);
    Socket server(listener.accept());
    SocketName peer;
    CHECK_EQ(kevent::socket_peer(client.fd(), &peer), 0);
    CHECK(peer.family == family);
    CHECK_EQ(text(peer), address);
    CHECK_EQ(peer.port, listener.port);
    CHECK_EQ(kevent::socket_peer(server.fd(), &peer), 0);
    CHECK_EQ(peer.port, client.name().port);
    CHECK_EQ(kevent::socket_peer(listener.fd(), &peer), -ENOTCONN);
  }
}

TEST(a_socket_on_every_address_is_for_IPv4_too_unless_told_otherwise) {
  Socket both(Family::ipv6);
  CHECK_EQ(kevent::socket_bind(both.fd(), "::", 0, 0), 0);
  CHECK_EQ(kevent::socket_listen(both.fd(), 1), 0);
  Socket client(Family::ipv4);
  int result = kevent::socket_connect(client.fd(), "127.0.0.1", both.name().port);
  CHECK(result == 0 || result == -EINPROGRESS);
  CHECK(both.comes(POLLIN));
  Socket one(Family::ipv6);
  CHECK_EQ(kevent::socket_bind(one.fd(), "::", 0, kevent::kIpv6Only), 0);
  int only;
  CHECK_EQ(kevent::socket_get_option(one.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &only), 0);
  CHECK_EQ(only, 1);
}

TEST(a_scope_is_an_interface) {
  Socket socket(Family::ipv6);
  CHECK_EQ(kevent::socket_bind(socket.fd(), "::1%lo", 0, 0), 0);
  Socket other(Family::ipv6);
  CHECK_EQ(kevent::socket_bind(other.fd(), "fe80::1%no-such-one", 0, 0), -ENODEV);
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(80);
  address.sin6_scope_id = 1;
  CHECK_EQ(inet_pton(AF_INET6, "fe80::1", &address.sin6_addr), 1);
  SocketName name;
  CHECK_EQ(kevent::socket_name_of(&address, sizeof address, &name), 0);
  CHECK_EQ(text(name), "fe80::1%lo");
  CHECK_EQ(name.port, 80);
}

TEST(only_numeric_addresses_are_taken) {
  Socket socket(Family::ipv4);
  std::string endless(300, '1');
  for (const char* bad : {"", "localhost", "127.0.0.1 ", "1.2.3", "::g", "%lo", endless.c_str()}) {
    CHECK_EQ(kevent::socket_bind(socket.fd(), bad, 0, 0), -EINVAL);
    CHECK_EQ(kevent::socket_connect(socket.fd(), bad, 1), -EINVAL);
  }
  CHECK_EQ(kevent::socket_bind(socket.fd(), "127.0.0.1", 0, 4), -EINVAL);
}

TEST(two_listeners_share_a_port_only_if_both_say_so) {
  Listener first(Family::ipv4, kevent::kReusePort);
  Socket second(Family::ipv4), third(Family::ipv4);
  CHECK_EQ(kevent::socket_bind(second.fd(), "127.0.0.1", first.port, kevent::kReusePort), 0);
  CHECK_EQ(kevent::socket_listen(second.fd(), 1), 0);
  CHECK_EQ(kevent::socket_bind(third.fd(), "127.0.0.1", first.port, 0), -EADDRINUSE);
}

TEST(a_port_can_be_listened_on_again_while_old_connections_are_in_TIME_WAIT) {
  uint16_t port;
  {
    Listener listener;
    port = listener.port;
    Socket client(Family::ipv4);
    connect_to(client, listener);
    Socket server(listener.accept());  // closed first: it is the one that waits
  }
  Socket again(Family::ipv4);
  CHECK_EQ(kevent::socket_bind(again.fd(), "127.0.0.1", port, 0), 0);
  CHECK_EQ(kevent::socket_listen(again.fd(), 1), 0);
}

TEST(local_sockets_have_paths_or_abstract_names) {
  std::string path = "/tmp/kevent-sockets-test-" + std::to_string(getpid());
  std::string abstract = '\0' + path;
  for (const std::string& name : {path, abstract}) {
    Socket listener(Family::local), client(Family::local);
    CHECK_EQ(kevent::socket_bind_path(listener.fd(), name.data(), name.size()), 0);
    CHECK_EQ(kevent::socket_listen(listener.fd(), 1), 0);
    CHECK_EQ(text(listener.name()), name);
    CHECK_EQ(kevent::socket_connect_path(client.fd(), name.data(), name.size()), 0);
    SocketName peer;
    CHECK_EQ(kevent::socket_peer(client.fd(), &peer), 0);
    CHECK_EQ(text(peer), name);
    CHECK_EQ(client.name().length, 0u);
    Socket other(Family::local);
    CHECK_EQ(kevent::socket_bind_path(other.fd(), name.data(), name.size()), -EADDRINUSE);
  }
  unlink(path.c_str());
  Socket socket(Family::local);
  CHECK_EQ(kevent::socket_connect_path(socket.fd(), path.data(), path.size()), -ENOENT);
  CHECK_EQ(kevent::socket_connect_path(socket.fd(), "", 0), -EINVAL);
  CHECK_EQ(kevent::socket_bind_path(socket.fd(), "a\0b", 3), -EINVAL);
  std::string long_path(109, 'x');
  CHECK_EQ(kevent::socket_bind_path(socket.fd(), long_path.data(), long_path.size()), -ENAMETOOLONG);
  // The longest name there is has no room for its end.
  std::string longest = '\0' + std::string(107, 'y');
  CHECK_EQ(kevent::socket_bind_path(socket.fd(), longest.data(), longest.size()), 0);
  CHECK_EQ(text(socket.name()), longest);
}

TEST(accepting_takes_all_that_there_is_and_fits) {
  Listener listener;
  int32_t fds[8];
  CHECK_EQ(kevent_accept_many(listener.fd(), fds, 8), -EAGAIN);
  std::vector<std::unique_ptr<Socket>> clients;
  for (int i = 0; i < 5; i++) {
    clients.push_back(std::make_unique<Socket>(Family::ipv4));
    connect_to(*clients.back(), listener);
  }
  std::vector<std::unique_ptr<Socket>> accepted;
  for (int expected : {3, 2}) {
    CHECK_EQ(kevent_accept_many(listener.fd(), fds, 3), expected);
    for (int i = 0; i < expected; i++) {
      accepted.push_back(std::make_unique<Socket>(fds[i]));
      CHECK(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
      CHECK(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    }
  }
  CHECK_EQ(kevent_accept_many(listener.fd(), fds, 0), -EINVAL);
  CHECK_EQ(kevent_accept_many(listener.fd(), nullptr, 1), -EINVAL);
  CHECK_EQ(kevent_accept_many(-1, fds, 1), -EBADF);
  Socket idle(Family::ipv4);
  CHECK_EQ(kevent_accept_many(idle.fd(), fds, 1), -EINVAL);
  CHECK_EQ(fcntl(listener.fd(), F_SETFL, 0), 0);
  CHECK_EQ(kevent_accept_many(listener.fd(), fds, 1), -EINVAL);  // it would wait
}

TEST(a_refused_connection_is_told_by_SO_ERROR) {
  uint16_t port = Listener().port;
  Socket client(Family::ipv4);
  int result = kevent::socket_connect(client.fd(), "127.0.0.1", port);
  CHECK(result == -EINPROGRESS || result == -ECONNREFUSED);
  if (result == -ECONNREFUSED) return;
  CHECK(client.comes(POLLOUT));
  int error;
  CHECK_EQ(kevent::socket_get_option(client.fd(), SOL_SOCKET, SO_ERROR, &error), 0);
  CHECK_EQ(error, ECONNREFUSED);
}

TEST(a_reset_is_a_reset_at_the_other_end) {
  Listener listener;
  Socket client(Family::ipv4);
  connect_to(client, listener);
  CHECK_EQ(kevent::socket_reset(listener.accept()), 0);
  CHECK(client.comes(POLLIN));
  char byte;
  CHECK_EQ(recv(client.fd(), &byte, 1, 0), -1);
  CHECK_EQ(errno, ECONNRESET);
  CHECK_EQ(kevent::socket_reset(-1), -EBADF);
  int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK_EQ(kevent::socket_reset(file), -ENOTSOCK);
  CHECK_EQ(kevent::close_fd(file), 0);
  CHECK_EQ(kevent::close_fd(file), -EBADF);
}

TEST(each_half_can_be_shut_down) {
  Listener listener;
  Socket client(Family::ipv4);
  CHECK_EQ(kevent::socket_shutdown(client.fd(), SHUT_WR), -ENOTCONN);
  connect_to(client, listener);
  Socket server(listener.accept());
  CHECK_EQ(kevent::socket_shutdown(client.fd(), 3), -EINVAL);
  CHECK_EQ(kevent::socket_shutdown(client.fd(), SHUT_WR), 0);
  CHECK(server.comes(POLLIN));
  char byte;
  CHECK_EQ(recv(server.fd(), &byte, 1, 0), 0);
  CHECK_EQ(send(server.fd(), "x", 1, 0), 1);
}

TEST(options_are_set_and_read) {
  Socket socket(Family::ipv4);
  int value;
  CHECK_EQ(kevent::socket_set_option(socket.fd(), IPPROTO_TCP, TCP_NODELAY, 1), 0);
  CHECK_EQ(kevent::socket_get_option(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &value), 0);
  CHECK_EQ(value, 1);
  CHECK_EQ(kevent::socket_set_option(socket.fd(), IPPROTO_TCP, 9999, 1), -ENOPROTOOPT);
  CHECK_EQ(kevent::socket_set_option(-1, SOL_SOCKET, SO_KEEPALIVE, 1), -EBADF);
}

TEST(a_descriptor_says_what_it_is) {
  auto describe = [](const Socket& socket) {
    FdDescription description;
    CHECK_EQ(kevent::describe_fd(socket.fd(), &description), 0);
    return description;
  };
  Listener listener;
  CHECK(describe(listener).kind == FdKind::tcp && describe(listener).listening);
  Socket tcp(Family::ipv6);
  CHECK(describe(tcp).kind == FdKind::tcp && !describe(tcp).listening);
  CHECK(describe(tcp).family == Family::ipv6 && describe(tcp).stream);
  CHECK(describe(Socket(Family::local)).kind == FdKind::local);
  Socket udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  CHECK(describe(udp).kind == FdKind::udp && !describe(udp).stream);
  int fds[2];
  CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  Socket reader(fds[0]), writer(fds[1]);
  CHECK(describe(reader).kind == FdKind::pipe);
  CHECK(describe(Socket(open("/proc/self/exe", O_RDONLY | O_CLOEXEC))).kind == FdKind::file);
  CHECK(describe(Socket(open("/dev/null", O_RDONLY | O_CLOEXEC))).kind == FdKind::unknown);
  FdDescription none;
  CHECK_EQ(kevent::describe_fd(-1, &none), -EBADF);
  CHECK_EQ(kevent::set_nonblocking(reader.fd()), 0);
  CHECK(fcntl(reader.fd(), F_GETFL) & O_NONBLOCK);
  CHECK_EQ(kevent::set_nonblocking(-1), -EBADF);
}

TEST(receiving_takes_what_there_is_and_tells_the_end_or_the_error) {
  int fds[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  Socket reader(fds[0]);
  char bytes[8] = {};
  {
    Socket writer(fds[1]);
    CHECK_EQ(kevent::socket_receive(reader.fd(), bytes, sizeof bytes), -EAGAIN);
    CHECK_EQ(send(writer.fd(), "0123456789", 10, 0), 10);
    CHECK_EQ(kevent::socket_receive(reader.fd(), bytes, sizeof bytes), 8);
    CHECK_EQ(std::string(bytes, 8), "01234567");
  }
  CHECK_EQ(kevent::socket_receive(reader.fd(), bytes, sizeof bytes), 2);
  CHECK_EQ(kevent::socket_receive(reader.fd(), bytes, sizeof bytes), 0);
  CHECK_EQ(kevent::socket_receive(-1, bytes, sizeof bytes), -EBADF);
  CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  Socket pipe_reader(fds[0]), pipe_writer(fds[1]);
  CHECK_EQ(kevent::socket_receive(pipe_reader.fd(), bytes, sizeof bytes), -ENOTSOCK);
}

}  // namespace
