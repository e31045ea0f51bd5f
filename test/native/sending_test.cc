// What is sent: how much went, without waiting and without SIGPIPE.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>
#include <vector>

#include "test_queue.h"

namespace {

class Ends {
 public:
  enum Kind { kSockets, kPipe, kBlockingPipe };
  explicit Ends(Kind kind) {
    int made = kind == kSockets ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds_)
                                : pipe2(fds_, O_CLOEXEC | (kind == kPipe ? O_NONBLOCK : 0));
    CHECK_EQ(made, 0);
  }
  ~Ends() {
    close_reader();
    close(fds_[1]);
  }
  int writer() const { return fds_[1]; }
  int reader() const { return fds_[0]; }
  void close_reader() {
    if (fds_[0] >= 0) close(fds_[0]);
    fds_[0] = -1;
  }

 private:
  int fds_[2];
};

int64_t send_one(int fd, const iovec* iov, uint32_t count) {
  kevent_send entry = {fd, count, iov, 0};
  CHECK_EQ(kevent_naio_send(1, &entry), 1);
  return entry.result;
}

char hello[] = "hello ", world[] = "world";
const iovec kBoth[2] = {{hello, 6}, {world, 5}};

TEST(each_entry_says_how_much_went_and_none_stops_another) {
  Ends sockets(Ends::kSockets), pipe(Ends::kPipe);
  kevent_send sends[] = {
      {sockets.writer(), 2, kBoth, 0}, {-1, 1, kBoth, 0},   {pipe.writer(), 2, kBoth, 0},
      {sockets.writer(), 0, nullptr, 1}, {sockets.writer(), 1, nullptr, 0},
  };
  CHECK_EQ(kevent_naio_send(5, sends), 5);
  const int64_t expected[] = {11, -EBADF, 11, 0, -EFAULT};
  for (int i = 0; i < 5; i++) CHECK_EQ(sends[i].result, expected[i]);
  for (int fd : {sockets.reader(), pipe.reader()}) {
    char bytes[16];
    CHECK_EQ(read(fd, bytes, sizeof bytes), 11);
    CHECK(memcmp(bytes, "hello world", 11) == 0);
  }
  CHECK_EQ(kevent_naio_send(1, nullptr), -EFAULT);
  CHECK_EQ(kevent_naio_send(0, nullptr), 0);
}

TEST(what_has_no_room_is_not_waited_for) {
  for (Ends::Kind kind : {Ends::kSockets, Ends::kPipe}) {
    Ends ends(kind);
    std::vector<char> much(1 << 20);
    iovec large = {much.data(), much.size()};
    int64_t sent = send_one(ends.writer(), &large, 1);
    CHECK(sent > 0 && sent < 1 << 20);
    CHECK_EQ(send_one(ends.writer(), &large, 1), -EAGAIN);
  }
  Ends blocking(Ends::kBlockingPipe);
  CHECK_EQ(send_one(blocking.writer(), kBoth, 1), -EINVAL);
}

TEST(nobody_there_is_EPIPE_and_no_signal) {
  signal(SIGPIPE, SIG_DFL);
  for (Ends::Kind kind : {Ends::kSockets, Ends::kPipe}) {
    Ends ends(kind);
    ends.close_reader();
    CHECK_EQ(send_one(ends.writer(), kBoth, 1), -EPIPE);
    CHECK_EQ(send_one(ends.writer(), kBoth, 2), -EPIPE);
  }
}

TEST(a_SIGPIPE_that_was_pending_before_stays_pending) {
  sigset_t pipe_only, pending;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &pipe_only, nullptr), 0);
  raise(SIGPIPE);
  Ends ends(Ends::kPipe);
  ends.close_reader();
  CHECK_EQ(send_one(ends.writer(), kBoth, 1), -EPIPE);
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE));
  constexpr timespec at_once = {0, 0};
  CHECK_EQ(sigtimedwait(&pipe_only, nullptr, &at_once), SIGPIPE);
  CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &pipe_only, nullptr), 0);
}

TEST(more_pieces_than_one_call_takes_are_sent_in_part) {
  Ends ends(Ends::kSockets);
  std::vector<iovec> pieces(KEVENT_NAIO_MAX_IOV + 10, iovec{hello, 1});
  CHECK_EQ(send_one(ends.writer(), pieces.data(), static_cast<uint32_t>(pieces.size())),
           static_cast<int64_t>(KEVENT_NAIO_MAX_IOV));
}

TEST(a_file_is_sent_from_where_it_is_said) {
  signal(SIGPIPE, SIG_DFL);
  char path[] = "/tmp/kevent-sending-XXXXXX";
  int file = mkostemp(path, O_CLOEXEC);
  CHECK(file >= 0);
  unlink(path);
  CHECK_EQ(write(file, "0123456789", 10), 10);
  CHECK_EQ(lseek(file, 0, SEEK_SET), 0);
  Ends ends(Ends::kSockets);
  CHECK_EQ(kevent_sendfile(ends.writer(), file, 7, 100), 3);
  CHECK_EQ(kevent_sendfile(ends.writer(), file, -1, 4), 4);
  CHECK_EQ(kevent_sendfile(ends.writer(), file, -1, 4), 4);
  CHECK_EQ(kevent_sendfile(ends.writer(), file, 10, 4), 0);
  char bytes[32];
  CHECK_EQ(read(ends.reader(), bytes, sizeof bytes), 11);
  CHECK(memcmp(bytes, "78901234567", 11) == 0);
  CHECK_EQ(kevent_sendfile(ends.writer(), file, -2, 4), -EINVAL);
  CHECK_EQ(kevent_sendfile(ends.writer(), -1, 0, 4), -EBADF);
  CHECK_EQ(kevent_sendfile(-1, file, 0, 4), -EBADF);
  ends.close_reader();
  CHECK_EQ(kevent_sendfile(ends.writer(), file, 0, 4), -EPIPE);
  close(file);
}

}  // namespace
