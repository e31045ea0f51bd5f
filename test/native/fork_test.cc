// Other processes: what a child has of a queue, and what it sees of its ring.
#include <dirent.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cstdlib>
#include <set>
#include <string>

#include "caller.h"
#include "test_queue.h"

namespace {

std::set<int> open_descriptors() {
  std::set<int> fds;
  DIR* directory = opendir("/proc/self/fd");
  while (dirent* entry = readdir(directory)) {
    int fd = atoi(entry->d_name);
    if (fd != dirfd(directory)) fds.insert(fd);
  }
  closedir(directory);
  return fds;
}

TEST(every_descriptor_that_is_opened_is_closed_on_exec) {
  std::set<int> before = open_descriptors();
  TestQueue queue;
  int fd = eventfd(0, EFD_CLOEXEC);
  int handle = kevent_timer_create(CLOCK_REALTIME);
  queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN));
  queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN, 0, 1));
  queue.add(request(KEVENT_TIMER, 5, KEVENT_TIMER_FIRED));
  queue.add(request(KEVENT_POSIX_TIMER, static_cast<uint64_t>(handle), KEVENT_TIMER_FIRED));
  queue.add(request(KEVENT_SIGNAL, KEVENT_SIGNAL_NOMASK | 10, KEVENT_SIGNAL_DELIVERY));
  CHECK(kevent_inode_watch(queue.fd(), "/tmp", KEVENT_INODE_CREATE) >= 0);
  CHECK_EQ(queue.stats().kevents, 5u);
  // Asleep on a clock of its own, and as a second one: these have descriptors too.
  kevent_timespec far = to_timespec(now_ns(CLOCK_REALTIME) + 3600000000000);
  Caller one([&] { return queue.wait(1, &far, KEVENT_FLAGS_ABSTIME); });
  one.until_asleep();
  Caller two([&] { return queue.wait(1, &far, KEVENT_FLAGS_ABSTIME); });
  two.until_asleep();
  int opened = 0;
  for (int open : open_descriptors()) {
    if (before.count(open)) continue;
    CHECK_EQ(fcntl(open, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    opened++;
  }
  CHECK(opened >= 10);
  // And so a program that is started sees none of them.
  pid_t child = fork();
  if (child == 0) {
    std::string test = "for fd in /proc/self/fd/*; do case $(readlink $fd) in *eventpoll*|*inotify*|*timerfd*) exit 1;; esac; done";
    execl("/bin/sh", "sh", "-c", test.c_str(), nullptr);
    _exit(127);
  }
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
  queue.wake();
  queue.wake();
  one.result(), two.result();
  kevent_timer_delete(handle);
  close(fd);
}

TEST(B20_a_ring_in_shared_memory_is_read_by_another_process_at_its_own_address) {
  constexpr size_t kBytes = 8 + 40 * 4;
  int memory = memfd_create("ring", MFD_CLOEXEC);
  CHECK_EQ(ftruncate(memory, kBytes), 0);
  void* mapped = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  CHECK(mapped != MAP_FAILED);
  auto* ring = static_cast<kevent_ring*>(mapped);
  int queue = kevent_init(ring, 4, 0);
  CHECK(queue >= 0);
  int done = eventfd(0, EFD_CLOEXEC);
  pid_t reader = fork();
  if (reader == 0) {
    munmap(mapped, kBytes);
    void* hole = mmap(nullptr, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void* own = mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, memory, 0);
    if (hole == MAP_FAILED || own == MAP_FAILED) _exit(2);
    auto* view = static_cast<const kevent_ring*>(own);
    eventfd_t count;
    eventfd_read(done, &count);
    uint32_t filled = __atomic_load_n(&view->ring_kidx, __ATOMIC_ACQUIRE);
    _exit(filled == 2 && view->event[0].id.raw_u64 == 1 && view->event[1].id.raw_u64 == 2 ? 0 : 1);
  }
  for (uint64_t id = 1; id <= 2; id++) {
    ukevent entry = user_event(id, KEVENT_REQ_READY);
    CHECK_EQ(kevent_ctl(queue, KEVENT_CTL_ADD, 1, &entry), 1);
  }
  CHECK_EQ(kevent_wait(queue, 4, 0, &kAtOnce, 0), 2);
  eventfd_write(done, 1);
  int status;
  CHECK_EQ(waitpid(reader, &status, 0), reader);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
  CHECK_EQ(kevent_close(queue), 0);
  munmap(mapped, kBytes);
  close(memory);
  close(done);
}

TEST(a_queue_is_used_on_after_a_child_has_come_and_gone) {
  TestQueue queue;
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  queue.add(request(KEVENT_POLL, static_cast<uint64_t>(fd), KEVENT_POLL_POLLIN));
  queue.add(request(KEVENT_TIMER, uint64_t{1000000} << 32, KEVENT_TIMER_FIRED));
  pid_t child = fork();
  if (child == 0) _exit(0);
  CHECK_EQ(waitpid(child, nullptr, 0), child);
  eventfd_write(fd, 1);
  uint32_t seen = 0;
  while (seen != (1u << KEVENT_POLL | 1u << KEVENT_TIMER)) seen |= 1u << queue.next().type;
  close(fd);
}

}  // namespace
