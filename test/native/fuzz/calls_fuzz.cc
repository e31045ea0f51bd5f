// Any sequence of calls on one queue with a tiny ring and a few real descriptors, none of them
// waiting: nothing crashes, and what the ledger says is owed is what the queue delivers.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "bytes.h"
#include "kevent.h"
#include "ledger.h"

namespace {

constexpr kevent_timespec kNow = {0, 0};
constexpr uint32_t kMostEntries = 4;

// One connection for all sessions, each of which has duplicates: ports would run out.
class Connection {
 public:
  Connection() {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    socklen_t length = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    MUST(bind(listener, any, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, any, &length) == 0);
    ends_[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(connect(ends_[0], any, length) == 0);
    ends_[1] = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    close(listener);
    int on = 1;
    for (int end : ends_) {
      MUST(end >= 0 && fcntl(end, F_SETFL, O_NONBLOCK) == 0);
      MUST(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    }
  }
  int duplicate(int end) {
    // Nothing is left of the session before.
    char buffer[1 << 16];
    while (read(ends_[end], buffer, sizeof buffer) > 0) continue;
    return fcntl(ends_[end], F_DUPFD_CLOEXEC, 0);
  }

 private:
  int ends_[2];
};

class Descriptors {
 public:
  Descriptors() {
    static Connection connection;
    fds_[0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    fds_[1] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds_ + 2) == 0);
    MUST(pipe2(fds_ + 4, O_NONBLOCK | O_CLOEXEC) == 0);
    for (int end : {0, 1}) fds_[6 + end] = connection.duplicate(end);
  }
  ~Descriptors() {
    for (int fd : fds_) close(fd);
  }
  int pick(Bytes& bytes) { return fds_[bytes.below(kCount)]; }
  void touch(Bytes& bytes) {
    char buffer[KEVENT_NAIO_MIN_BLOCK_SIZE] = {1};
    int fd = pick(bytes);
    uint8_t how = bytes.byte();
    size_t size = how & 2 ? sizeof buffer : 8;
    (void)!(how & 1 ? read(fd, buffer, size) : write(fd, buffer, size));
  }
  // Closed under its kevents, and its number used again at once.
  void replace(int fd, uint32_t count) {
    int other = eventfd(count, EFD_NONBLOCK | EFD_CLOEXEC);
    if (other == fd) return;
    MUST(dup3(other, fd, O_CLOEXEC) == fd);
    close(other);
  }

 private:
  static constexpr uint32_t kCount = 8;
  int fds_[kCount];
};

class Session {
 public:
  explicit Session(Bytes& bytes) : bytes_(bytes), size_(kSizes[bytes.below(5)]), slots_(size_) {
    if (size_) ring_.reset(new uint64_t[1 + 5 * size_]());
    fd_ = kevent_init(ring(), size_, 0);
    MUST(fd_ >= 0);
  }

  void run() {
    while (!bytes_.empty()) {
      step();
      look();
    }
    drain();
    MUST(kevent_close(fd_) == 0);
    // What is held is good for longer than the queue.
    for (const Block& block : blocks_) memset(block.memory, 0, block.size);
    for (const Block& block : blocks_) kevent_naio_release(block.memory);
    MUST(kevent_close(fd_) == -EBADF || kevent_close(fd_) == -EINVAL);
  }

 private:
  static constexpr uint32_t kSizes[] = {2, 3, 4, 5, 0};

  kevent_ring* ring() { return reinterpret_cast<kevent_ring*>(ring_.get()); }

  void step() {
    switch (bytes_.below(16)) {
      case 0:
      case 1:
      case 2: return control(KEVENT_CTL_ADD);
      case 3: return control(KEVENT_CTL_REMOVE);
      case 4: return control(KEVENT_CTL_MODIFY);
      case 5:
      case 6: return control(KEVENT_CTL_READY);
      case 7:
      case 8: return wait();
      case 9: return get_events();
      case 10: return commit();
      case 11: return commit_anything();
      case 12: return consumers();
      case 13: return claim();
      case 14: return finish();
      case 15: return origins();
    }
  }

  ukevent entry() {
    static constexpr uint32_t kTypes[] = {KEVENT_UNOTIFY, KEVENT_UNOTIFY, KEVENT_UNOTIFY, KEVENT_POLL,
                                          KEVENT_SOCKET,  KEVENT_PIPE,    KEVENT_TIMER,   KEVENT_NAIO};
    ukevent entry{};
    entry.type = kTypes[bytes_.below(8)];
    uint8_t shape = bytes_.byte();
    entry.user[0] = shape & 1;
    entry.event = shape & 2 ? bytes_.word() : 1 + (shape >> 2 & 3) * 2;
    entry.req_flags = bytes_.below(128);
    entry.ret_flags = bytes_.byte();
    switch (entry.type) {
      case KEVENT_UNOTIFY: entry.id.raw[0] = bytes_.below(3); break;
      case KEVENT_TIMER: entry.id.raw[shape >> 4 & 1] = 100 * bytes_.below(3); break;
      default: entry.id.raw[0] = static_cast<uint32_t>(descriptors_.pick(bytes_)); break;
    }
    if (shape >> 5 == 7) entry.id.raw[1] = bytes_.byte();
    return entry;
  }

  void control(uint32_t cmd) {
    uint32_t num = bytes_.below(kMostEntries + 1);
    if (num == 0 && cmd == KEVENT_CTL_READY) {
      MUST(kevent_ctl(fd_, cmd, 0, nullptr) == 0);
      tokens_++;
      return;
    }
    ukevent asked[kMostEntries], answers[kMostEntries];
    for (uint32_t i = 0; i < num; i++) asked[i] = answers[i] = entry();
    int result = kevent_ctl(fd_, cmd, num, answers);
    int good = 0;
    for (uint32_t i = 0; i < num; i++) {
      ledger_.answered(cmd, asked[i], answers[i]);
      good += !(answers[i].ret_flags & KEVENT_RET_BROKEN);
    }
    MUST(result == good);
  }

  uint32_t flags() { return bytes_.byte() & 1 ? KEVENT_FLAGS_NONBLOCK : 0; }

  // What the calls have put into the ring since we last looked.
  void look_at_slots(bool account) {
    if (!size_) return;
    kevent_statistics stats;
    MUST(kevent_stats(fd_, &stats) == 0);
    MUST(stats.head >= slots_.head() && stats.head - slots_.tail() <= size_);
    while (slots_.head() < stats.head) {
      const ukevent& event = ring()->event[slots_.head() % size_];
      if (account) ledger_.delivered(event);
      slots_.filled(event);
    }
  }

  void wait() {
    uint32_t num = bytes_.below(7), old = bytes_.below(6), how = flags();
    uint32_t room = slots_.room();
    int moved = kevent_wait(fd_, num, old, &kNow, how);
    if (!size_ || num > size_ || old >= size_) {
      MUST(moved == -EINVAL);
      return;
    }
    if (tokens_ > 0) {
      MUST(moved == 0);
      tokens_--;
      return;
    }
    MUST(moved >= 0 || moved == (room ? -EAGAIN : -ENOBUFS));
    MUST(moved >= 0 || how != 0);
    MUST(moved <= static_cast<int>(std::min(room, num)));
    uint64_t before = slots_.head();
    look_at_slots(true);
    MUST(slots_.head() - before == static_cast<uint64_t>(std::max(moved, 0)));
  }

  void get_events() {
    ukevent buffer[5];
    uint32_t max = bytes_.below(6), min = bytes_.below(4), how = flags();
    uint32_t room = slots_.room();
    int moved = kevent_get_events(fd_, min, max, &kNow, buffer, how);
    if (min > max) {
      MUST(moved == -EINVAL);
      return;
    }
    if (tokens_ > 0) {
      MUST(moved == 0);
      tokens_--;
      return;
    }
    MUST((moved >= 0 && moved <= static_cast<int>(max)) || (moved == -EAGAIN && how != 0 && min > 0));
    uint64_t first = slots_.head();
    look_at_slots(false);
    for (uint32_t i = 0; static_cast<int>(i) < moved; i++) {
      ledger_.delivered(buffer[i]);
      bool copied = size_ && i < room;
      MUST(copied || !size_ || buffer[i].ret_flags & KEVENT_RET_COPY_FAILED);
      MUST(!copied || memcmp(buffer + i, &ring()->event[(first + i) % size_], sizeof(ukevent)) == 0);
    }
    MUST(slots_.head() - first == std::min(static_cast<uint32_t>(std::max(moved, 0)), size_ ? room : 0));
  }

  void commit_to(uint64_t position) {
    int freed = kevent_commit(fd_, static_cast<uint32_t>(position % size_), static_cast<uint32_t>(position / size_));
    uint64_t tail = slots_.tail();
    if (position > slots_.head()) {
      MUST(freed == -EINVAL);
    } else if (position / size_ + 1 < tail / size_) {
      MUST(freed == -EOVERFLOW);
    } else {
      // More, if consumers have finished what lies behind.
      int asked = static_cast<int>(position > tail ? position - tail : 0);
      MUST(freed == asked || (asked > 0 && freed > asked && shared_));
      slots_.freed(static_cast<uint64_t>(freed));
    }
  }
  // Around the tail, one wrap early and late included.
  void commit() {
    if (!size_) return;
    uint64_t from = slots_.tail() > 2 * size_ ? slots_.tail() - 2 * size_ : 0;
    commit_to(from + bytes_.below(5 * size_));
  }
  void commit_anything() {
    uint32_t index = bytes_.word(), over = bytes_.word();
    int freed = kevent_commit(fd_, index, over);
    if (!size_ || index >= size_) {
      MUST(freed == -EINVAL);
    } else if (freed > 0) {
      slots_.freed(static_cast<uint64_t>(freed));
    } else {
      MUST(freed == 0 || freed == -EINVAL || freed == -EOVERFLOW);
    }
  }

  void consumers() {
    if (bytes_.byte() & 1 || consumers_.empty()) {
      if (consumers_.size() >= 4) return;
      int consumer = kevent_consumer_open(fd_, [](void*) {}, nullptr);
      MUST(size_ ? consumer >= 0 : consumer == -EINVAL);
      if (consumer < 0) return;
      slots_.opened(consumer);
      shared_ = true;
      consumers_.push_back({consumer, {}});
      return;
    }
    close_consumer(bytes_.below(static_cast<uint32_t>(consumers_.size())));
  }
  void close_consumer(size_t which) {
    int consumer = consumers_[which].id;
    MUST(kevent_consumer_close(fd_, consumer) == 0);
    MUST(kevent_consumer_close(fd_, consumer) == -EINVAL);
    slots_.closed(consumer);
    consumers_.erase(consumers_.begin() + static_cast<long>(which));
    follow_tail();
  }
  void follow_tail() {
    kevent_statistics stats;
    MUST(kevent_stats(fd_, &stats) == 0);
    MUST(stats.tail >= slots_.tail());
    if (size_) slots_.freed(stats.tail - slots_.tail());
  }

  void claim() {
    if (consumers_.empty()) {
      kevent_run none;
      MUST(kevent_claim(fd_, static_cast<int>(bytes_.byte()) - 3, 1, &kNow, 0, &none) == -EINVAL);
      return;
    }
    Consumer& consumer = consumers_[bytes_.below(static_cast<uint32_t>(consumers_.size()))];
    uint32_t max = bytes_.below(7), how = flags();
    kevent_run run = {0, 0};
    int count = kevent_claim(fd_, consumer.id, max, &kNow, how, &run);
    if (tokens_ > 0 && !how) {
      MUST(count == 0);
      tokens_--;
      return;
    }
    look_at_slots(true);
    MUST(count <= static_cast<int>(max));
    MUST(count >= 0 || (count == -EAGAIN && how) || (count == -ENOBUFS && (how || max == 0)));
    if (count <= 0) return;
    for (uint64_t p = std::max(run.position, run.plain_from); p < run.position + static_cast<uint32_t>(count); p++) {
      const ukevent& event = ring()->event[p % size_];
      MUST(!(event.req_flags & KEVENT_REQ_ONESHOT) && !(event.ret_flags & KEVENT_RET_BROKEN));
    }
    slots_.claimed(consumer.id, run.position, static_cast<uint32_t>(count));
    consumer.runs.push_back({run.position, static_cast<uint32_t>(count)});
  }

  void finish() {
    if (consumers_.empty()) return;
    Consumer& consumer = consumers_[bytes_.below(static_cast<uint32_t>(consumers_.size()))];
    Run run = {bytes_.byte(), bytes_.byte()};
    if (!consumer.runs.empty() && bytes_.byte() & 3) {
      size_t which = bytes_.below(static_cast<uint32_t>(consumer.runs.size()));
      run = consumer.runs[which];
      // A part of the run, which stays in hand: to finish twice is harmless.
      uint32_t skip = bytes_.below(run.count);
      run.position += skip;
      run.count = 1 + bytes_.below(run.count - skip);
    }
    uint64_t before = slots_.tail();
    int freed = kevent_finish(fd_, consumer.id, run.position, run.count);
    MUST(freed >= 0 || freed == -EINVAL);
    MUST(freed >= 0 || run.position + run.count > slots_.head());
    if (freed >= 0) slots_.finished(consumer.id, run.position, run.count);
    follow_tail();
    MUST(freed < 0 || slots_.tail() - before == static_cast<uint64_t>(freed));
  }

  void origins() {
    switch (bytes_.below(7)) {
      case 0: {
        int fd = descriptors_.pick(bytes_);
        descriptors_.replace(fd, bytes_.below(2));
        ledger_.closed(static_cast<uint32_t>(fd));
        return;
      }
      case 1: {
        char buffer[16];
        MUST(kevent_payload(fd_, bytes_.byte(), buffer, sizeof buffer) == -ENOENT);
        return;
      }
      case 2: return nonsense();
      case 3: return slab();
      case 4: return close_stream();
      default: return descriptors_.touch(bytes_);
    }
  }
  void close_stream() {
    ukevent entry{};
    entry.type = KEVENT_NAIO;
    entry.user[0] = bytes_.below(2);
    int fd = descriptors_.pick(bytes_);
    entry.id.raw[0] = static_cast<uint32_t>(fd);
    int result = kevent_naio_close(fd_, &entry);
    MUST(result == 0 || result == -ENOENT);
    ledger_.closed_by_queue(entry, result == 0);
    if (result == 0) descriptors_.replace(fd, 0);
  }
  // Two small blocks, so that they run out.
  void slab() {
    if (bytes_.byte() & 1) {
      int result = kevent_naio_slab(fd_, KEVENT_NAIO_MIN_BLOCK_SIZE, 2);
      MUST(result == 0 || result == -EBUSY);
      return;
    }
    Block block;
    int result = kevent_naio_hold(fd_, bytes_.below(3), bytes_.byte() & 1, &block.memory, &block.size);
    MUST(result == 0 || result == -ENOENT);
    if (result < 0) return;
    memset(block.memory, 1, block.size);
    blocks_.push_back(block);
  }
  void nonsense() {
    ukevent none{};
    kevent_run run;
    MUST(kevent_ctl(fd_, 4 + bytes_.byte(), 1, &none) == -EINVAL);
    MUST(kevent_ctl(fd_, KEVENT_CTL_ADD, 1, nullptr) == -EFAULT);
    MUST(kevent_ctl(-1, KEVENT_CTL_ADD, 1, &none) == -EBADF);
    MUST(kevent_ctl(descriptors_.pick(bytes_), KEVENT_CTL_ADD, 1, &none) == -EINVAL);
    MUST(kevent_get_events(fd_, 0, 1, &kNow, nullptr, 0) == -EFAULT);
    kevent_timespec bad = {0, 1000000000};
    MUST(kevent_wait(fd_, 1, 0, &bad, 0) == -EINVAL);
    MUST(kevent_wait(fd_, 1, 0, &kNow, 0x80000000) == -EINVAL);
    MUST(kevent_claim(fd_, 63, 1, &kNow, 0, &run) == -EINVAL);
    MUST(kevent_stats(fd_, nullptr) == -EFAULT);
  }

  // After every step.
  void look() {
    kevent_statistics stats;
    MUST(kevent_stats(fd_, &stats) == 0);
    MUST(stats.head == slots_.head() && stats.tail == slots_.tail());
    MUST(stats.ready <= stats.kevents);
    MUST(stats.kevents <= ledger_.registered() && stats.kevents >= ledger_.certain());
    MUST(stats.ring <= stats.delivered && stats.ring == stats.head);
    if (!size_) return;
    MUST(ring()->ring_kidx == slots_.head() % size_);
    MUST(ring()->ring_over == slots_.tail() / size_);
  }

  // With nothing left but user events, everything owed comes out.
  void drain() {
    std::vector<ukevent> others, muted;
    ledger_.each([&](const ukevent& event) {
      if (event.type != KEVENT_UNOTIFY) others.push_back(event);
      if (event.type == KEVENT_UNOTIFY && event.req_flags & KEVENT_REQ_MUTED) muted.push_back(event);
    });
    for (ukevent& event : others) {
      ukevent asked = event;
      kevent_ctl(fd_, KEVENT_CTL_REMOVE, 1, &event);
      ledger_.answered(KEVENT_CTL_REMOVE, asked, event);
    }
    for (ukevent& event : muted) {
      event.req_flags ^= KEVENT_REQ_MUTED;
      ukevent asked = event;
      MUST(kevent_ctl(fd_, KEVENT_CTL_MODIFY, 1, &event) == 1);
      ledger_.answered(KEVENT_CTL_MODIFY, asked, event);
    }
    while (!consumers_.empty()) close_consumer(0);
    for (bool more = true; more;) {
      if (size_) commit_to(slots_.head());
      ukevent event;
      int moved = size_ ? kevent_wait(fd_, size_, static_cast<uint32_t>(slots_.head() % size_), &kNow, 0)
                        : kevent_get_events(fd_, 0, 1, &kNow, &event, 0);
      MUST(moved >= 0);
      more = moved > 0 || tokens_ > 0;
      if (tokens_ > 0) {
        MUST(moved == 0);
        tokens_--;
      }
      if (size_) look_at_slots(true);
      if (!size_ && moved) ledger_.delivered(event);
    }
    MUST(!ledger_.anything_owed());
  }

  struct Block {
    void* memory;
    uint32_t size;
  };
  struct Run {
    uint64_t position;
    uint32_t count;
  };
  struct Consumer {
    int id;
    std::vector<Run> runs;
  };

  Bytes& bytes_;
  uint32_t size_;
  std::unique_ptr<uint64_t[]> ring_;
  int fd_;
  uint32_t tokens_ = 0;
  Descriptors descriptors_;
  Ledger ledger_;
  Slots slots_;
  bool shared_ = false;  // there was a consumer
  std::vector<Consumer> consumers_;
  std::vector<Block> blocks_;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  signal(SIGPIPE, SIG_IGN);  // the other end of a pipe may have been replaced
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  Session(bytes).run();
  return 0;
}
