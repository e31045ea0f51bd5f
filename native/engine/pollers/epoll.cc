#include "pollers/epoll.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "direct_calls.h"
#include "kevent_node.h"

namespace kevent {

int Epoll::control(int set, int op, int fd, uint32_t events, uint64_t data) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = data;
  return epoll_change(set, op, fd, event);
}

int Epoll::open() {
  public_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!public_.valid()) return -errno;
  int error = add_lane();
  if (error == 0) error = control(public_.get(), EPOLL_CTL_ADD, loop_fd(), EPOLLIN, 0);
  if (error < 0) return error;
  wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.valid()) return -errno;
  // Edge-triggered, so that it never has to be read: each write is one more edge.
  return add_special(wake_.get(), EPOLLIN | EPOLLET, Source::wake);
}

void Epoll::close_public() {
  if (lanes_.empty()) return;  // was never opened
  // Ours, and only ours, watches lane 0 already.
  int error = control(public_.get(), EPOLL_CTL_ADD, loop_fd(), EPOLLIN, 0);
  if (error == 0) control(public_.get(), EPOLL_CTL_DEL, loop_fd(), 0, 0);
  if (error == -EEXIST) {
    public_.reset();
  } else {
    public_.release();
  }
}

int Epoll::add_lane() {
  Fd set(epoll_create1(EPOLL_CLOEXEC));
  if (!set.valid()) return -errno;
  if (!lanes_.empty()) {
    uint32_t number = static_cast<uint32_t>(lanes_.size());
    uint64_t data = tag(kSpecial, static_cast<uint32_t>(Source::lane) + number);
    int error = control(loop_fd(), EPOLL_CTL_ADD, set.get(), EPOLLIN, data);
    if (error < 0) return error;
  }
  lanes_.push_back({std::move(set), {}});
  return 0;
}

int Epoll::add_special(int fd, uint32_t events, Source source) {
  int error = control(loop_fd(), EPOLL_CTL_ADD, fd, events, tag(kSpecial, static_cast<uint32_t>(source)));
  if (error == 0) specials_.push_back({fd, events, source});
  return error;
}

int Epoll::set_special(int fd, uint32_t events, Source source) {
  for (Special& special : specials_) {
    if (special.fd == fd) special.events = events;
  }
  return control(loop_fd(), EPOLL_CTL_MOD, fd, events, tag(kSpecial, static_cast<uint32_t>(source)));
}

int Epoll::add(int fd, uint32_t events, uint32_t index, uint32_t generation, uint32_t* lane, uint32_t* displaced) {
  *displaced = kNone;
  for (uint32_t number = 0; number < KEVENT_MAX_SAME_FD; number++) {
    if (number == lanes_.size()) {
      int error = add_lane();
      if (error < 0) return error;
    }
    int error = control(lanes_[number].set.get(), EPOLL_CTL_ADD, fd, events, tag(index, generation));
    if (error == -EEXIST) continue;
    if (error < 0) return error;
    std::vector<uint32_t>& owner = lanes_[number].owner;
    if (owner.size() <= static_cast<size_t>(fd)) owner.resize(static_cast<size_t>(fd) + 1, kSpecial);
    if (owner[fd] != kSpecial) *displaced = owner[fd];
    owner[fd] = index;
    *lane = number;
    return 0;
  }
  return -ENOSPC;
}

bool Epoll::owned(int fd, uint32_t index, uint32_t lane) const {
  const std::vector<uint32_t>& owner = lanes_[lane].owner;
  return static_cast<size_t>(fd) < owner.size() && owner[fd] == index;
}

int Epoll::modify(int fd, uint32_t events, uint32_t index, uint32_t generation, uint32_t lane) {
  if (!owned(fd, index, lane)) return -EBADF;
  return control(lanes_[lane].set.get(), EPOLL_CTL_MOD, fd, events, tag(index, generation));
}

void Epoll::forget(int fd, uint32_t index, uint32_t lane) {
  if (owned(fd, index, lane)) lanes_[lane].owner[fd] = kSpecial;
}

void Epoll::remove(int fd, uint32_t index, uint32_t lane) {
  if (!owned(fd, index, lane)) return;
  forget(fd, index, lane);
  control(lanes_[lane].set.get(), EPOLL_CTL_DEL, fd, 0, 0);
}

bool Epoll::alive(int fd, uint32_t index, uint32_t lane) {
  if (!owned(fd, index, lane)) return false;
  // Adding again is the one question that changes nothing when the answer is "yes, it is there".
  int set = lanes_[lane].set.get();
  int error = control(set, EPOLL_CTL_ADD, fd, EPOLLONESHOT, 0);
  if (error == 0) control(set, EPOLL_CTL_DEL, fd, 0, 0);
  return error == -EEXIST;
}

int Epoll::collect(epoll_event* events, int limit, int capacity) {
  int count = epoll_wait(loop_fd(), events, limit, 0);
  if (count <= 0) return 0;
  if (lanes_.size() == 1) return count;
  int direct = count;
  for (int i = 0; i < direct; i++) {
    uint32_t index = static_cast<uint32_t>(events[i].data.u64);
    uint32_t source = static_cast<uint32_t>(events[i].data.u64 >> 32);
    if (index != kSpecial || source < static_cast<uint32_t>(Source::lane)) continue;
    if (count == capacity) break;
    int set = lanes_[source - static_cast<uint32_t>(Source::lane)].set.get();
    int more = epoll_wait(set, events + count, capacity - count, 0);
    if (more > 0) count += more;
  }
  return count;
}

int Epoll::replace_set(uint32_t lane, Fd& fresh) {
  int old = lanes_[lane].set.get();
  if (lane == 0) {
    for (const Special& special : specials_) {
      uint64_t data = tag(kSpecial, static_cast<uint32_t>(special.source));
      control(fresh.get(), EPOLL_CTL_ADD, special.fd, special.events, data);
    }
    for (uint32_t other = 1; other < lanes_.size(); other++) {
      uint64_t data = tag(kSpecial, static_cast<uint32_t>(Source::lane) + other);
      control(fresh.get(), EPOLL_CTL_ADD, lanes_[other].set.get(), EPOLLIN, data);
    }
    int error = control(public_.get(), EPOLL_CTL_ADD, fresh.get(), EPOLLIN, 0);
    if (error < 0) return error;
    control(public_.get(), EPOLL_CTL_DEL, old, 0, 0);
  } else {
    uint64_t data = tag(kSpecial, static_cast<uint32_t>(Source::lane) + lane);
    int error = control(loop_fd(), EPOLL_CTL_ADD, fresh.get(), EPOLLIN, data);
    if (error < 0) return error;
    control(loop_fd(), EPOLL_CTL_DEL, old, 0, 0);
  }
  // The old set is emptied of what we can take out, and stays open for now: an outside event loop
  // may be watching its number, which must not be given to another file before it has let go.
  for (size_t fd = 0; fd < lanes_[lane].owner.size(); fd++) {
    if (lanes_[lane].owner[fd] != kSpecial) control(old, EPOLL_CTL_DEL, static_cast<int>(fd), 0, 0);
  }
  retired_ = std::move(lanes_[lane].set);
  lanes_[lane].set = std::move(fresh);
  return 0;
}

void Epoll::wake() {
  uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
}

size_t Epoll::memory() const {
  size_t bytes = 0;
  for (const Lane& lane : lanes_) bytes += lane.owner.capacity() * sizeof(uint32_t);
  return bytes;
}

}  // namespace kevent
