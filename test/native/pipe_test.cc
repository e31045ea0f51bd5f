// PIPE: both ends of pipes and FIFOs, with data and without.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "test_queue.h"

namespace {

constexpr uint32_t kRecv = KEVENT_SOCKET_RECV;
constexpr uint32_t kSend = KEVENT_SOCKET_SEND;

struct Pipe {
  int reader, writer;
  Pipe() {
    int fds[2];
    CHECK_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    reader = fds[0];
    writer = fds[1];
  }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  void close_reader() { shut(reader); }
  void close_writer() { shut(writer); }
  void fill() const {
    char bytes[4096] = {};
    while (write(writer, bytes, sizeof bytes) > 0) continue;
  }
  void drain() const {
    char bytes[65536];
    while (read(reader, bytes, sizeof bytes) > 0) continue;
  }
  static void shut(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

ukevent pipe_event(int fd, uint32_t event, uint32_t req_flags = 0) {
  return request(KEVENT_PIPE, static_cast<uint64_t>(fd), event, req_flags);
}

TEST(only_pipes_and_fifos_are_taken) {
  TestQueue queue;
  int sockets[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  CHECK_EQ(queue.add(pipe_event(sockets[0], kRecv)), -EINVAL);
  close(sockets[0]);
  close(sockets[1]);
  CHECK_EQ(queue.add(pipe_event(sockets[0], kRecv)), -EBADF);
  char path[] = "/tmp/kevent-fifo-XXXXXX";
  CHECK(mkdtemp(path) != nullptr);
  char name[64];
  snprintf(name, sizeof name, "%s/fifo", path);
  CHECK_EQ(mkfifo(name, 0600), 0);
  int fifo = open(name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  CHECK_EQ(queue.add(pipe_event(fifo, kRecv)), 0);
  CHECK_EQ(write(fifo, "x", 1), 1);
  CHECK_EQ(queue.next().ret_data[0], kRecv);
  close(fifo);
  CHECK_EQ(unlink(name), 0);
  CHECK_EQ(rmdir(path), 0);
}

TEST(data_to_read_and_room_to_write_are_reported) {
  TestQueue queue;
  Pipe pipe;
  CHECK_EQ(queue.add(pipe_event(pipe.reader, kRecv)), 0);
  pipe.fill();
  CHECK_EQ(queue.add(pipe_event(pipe.writer, kSend)), 0);
  CHECK_EQ(queue.next().ret_data[0], kRecv);
  pipe.drain();
  ukevent event = queue.next();
  CHECK_EQ(event.id.raw[0], static_cast<uint32_t>(pipe.writer));
  CHECK_EQ(event.ret_data[0], kSend);
}

TEST(B30_the_end_of_file_of_an_empty_pipe_is_reported) {
  TestQueue queue;
  Pipe pipe;
  CHECK_EQ(queue.add(pipe_event(pipe.reader, kRecv)), 0);
  CHECK(queue.idle());
  pipe.close_writer();
  ukevent event = queue.next();
  CHECK_EQ(event.ret_data[0] & KEVENT_SOCKET_HUP, KEVENT_SOCKET_HUP);
  CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
  // And at ADD.
  ukevent entry = pipe_event(pipe.reader, kRecv);
  entry.user[0] = 1;
  CHECK_EQ(queue.ctl(KEVENT_CTL_ADD, entry), 1);
  CHECK_EQ(entry.ret_data[0] & KEVENT_SOCKET_HUP, KEVENT_SOCKET_HUP);
}

TEST(B30_what_a_departed_writer_left_is_data_not_a_failure) {
  TestQueue queue;
  Pipe pipe;
  CHECK_EQ(queue.add(pipe_event(pipe.reader, kRecv)), 0);
  CHECK_EQ(write(pipe.writer, "rest", 4), 4);
  pipe.close_writer();
  ukevent event = queue.next();
  CHECK_EQ(event.ret_flags, KEVENT_RET_DONE);
  CHECK_EQ(event.ret_data[0], kRecv | KEVENT_SOCKET_HUP);
  pipe.drain();
  CHECK_EQ(queue.next().ret_data[0], KEVENT_SOCKET_HUP);
}

TEST(B30_a_full_pipe_whose_readers_are_gone_is_reported) {
  TestQueue queue;
  Pipe pipe;
  pipe.fill();
  CHECK_EQ(queue.add(pipe_event(pipe.writer, kSend)), 0);
  CHECK(queue.idle());
  pipe.close_reader();
  CHECK_EQ(queue.next().ret_data[0] & KEVENT_SOCKET_ERR, KEVENT_SOCKET_ERR);
}

TEST(B30_the_wrong_end_is_refused) {
  TestQueue queue;
  Pipe pipe;
  CHECK_EQ(queue.add(pipe_event(pipe.reader, kSend)), -EBADF);
  CHECK_EQ(queue.add(pipe_event(pipe.writer, kRecv)), -EBADF);
  CHECK_EQ(queue.stats().kevents, 0u);
}

TEST(B30_the_last_close_of_a_watched_pipe_leaves_nothing_behind) {
  TestQueue queue;
  Pipe pipe;
  int reader = pipe.reader;
  CHECK_EQ(queue.add(pipe_event(reader, kRecv)), 0);
  pipe.close_reader();
  pipe.close_writer();
  CHECK(queue.idle());
  CHECK_EQ(queue.remove(pipe_event(reader, kRecv)), 0);
}

TEST(a_standing_hang_up_comes_once_a_commit_and_not_in_between) {
  TestQueue queue;
  Pipe pipe;
  queue.add(pipe_event(pipe.reader, kRecv));
  pipe.close_writer();
  for (int i = 0; i < 3; i++) {
    queue.read_one();
    CHECK(queue.idle());
    CHECK(queue.idle());
    CHECK_EQ(queue.commit_read(), 1);
  }
  // Muted, it is as good as not watched: the descriptor is not kept readable by it.
  queue.read_one();
  CHECK(queue.idle());
  uint64_t collects = queue.stats().collects;
  kevent_timespec limit = {0, 5000000};
  CHECK_EQ(queue.wait(1, &limit), 0);
  CHECK(queue.stats().collects - collects < 5);
}

}  // namespace
