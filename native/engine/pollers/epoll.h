// The only place that knows epoll: what one queue watches in the kernel.
//
// epoll takes a descriptor once per set. A queue may hold several kevents on one fd, each with
// its own mode and its own mute, so there are several sets: lane 0 holds nearly everything, and a
// further kevent on the same fd goes to the next lane, itself watched by lane 0.
#pragma once

#include <sys/epoll.h>

#include <vector>

#include "fd.h"
#include "kevent.h"

namespace kevent {

// What comes back with an event. Special sources have index kSpecial and their name as generation.
constexpr uint32_t kSpecial = 0xffffffff;
enum class Source : uint32_t { wake = 0, timers = 1, inodes = 2, signals = 3, gathered = 4, lane = 16 };

class Epoll {
 public:
  int open();
  // The set to watch from outside, and the descriptor that users hold. The first may change (rebuild).
  int loop_fd() const { return lanes_[0].set.get(); }
  int public_fd() const { return public_.get(); }
  // Leaves the number alone if it was closed by others and is something else now.
  void close_public();
  void forget_public() { public_.release(); }

  int add_special(int fd, uint32_t events, Source source);
  int set_special(int fd, uint32_t events, Source source);

  // Watches fd for one kevent. *displaced is the index of a kevent whose fd turned out to be
  // gone, because the kernel let us take its place; kNone otherwise.
  int add(int fd, uint32_t events, uint32_t index, uint32_t generation, uint32_t* lane, uint32_t* displaced);
  // -ENOENT, -EBADF: the fd behind it is gone.
  int modify(int fd, uint32_t events, uint32_t index, uint32_t generation, uint32_t lane);
  void remove(int fd, uint32_t index, uint32_t lane);
  // The fd is about to be closed, which takes it out of the kernel's set: no call for that.
  void forget(int fd, uint32_t index, uint32_t lane);
  // False if the fd was closed since, whether its number was given out again or not.
  bool alive(int fd, uint32_t index, uint32_t lane);
  int lane_fd(uint32_t lane) const { return lanes_[lane].set.get(); }

  // Never blocks. At most limit events of lane 0; other lanes that had any fill up to capacity.
  int collect(epoll_event* events, int limit, int capacity);
  uint32_t lane_count() const { return static_cast<uint32_t>(lanes_.size()); }

  // An event came for a kevent that is no more: its fd was closed while a dup kept the file open,
  // so it could not be taken out. A fresh set, with all that is still watched, leaves it behind.
  // events_of(index, &generation) says what to watch for.
  template <class F>
  int rebuild(F&& events_of);

  void wake();
  size_t memory() const;

 private:
  struct Lane {
    Fd set;
    std::vector<uint32_t> owner;  // by fd: index of the kevent that is watched there
  };

  static uint64_t tag(uint32_t index, uint32_t generation) {
    return static_cast<uint64_t>(generation) << 32 | index;
  }
  static int control(int set, int op, int fd, uint32_t events, uint64_t data);
  int add_lane();
  bool owned(int fd, uint32_t index, uint32_t lane) const;
  int replace_set(uint32_t lane, Fd& fresh);

  struct Special {
    int fd;
    uint32_t events;
    Source source;
  };

  std::vector<Lane> lanes_;
  std::vector<Special> specials_;
  Fd public_;
  Fd wake_;
  Fd retired_;  // the set that the last rebuild replaced
};

template <class F>
int Epoll::rebuild(F&& events_of) {
  for (uint32_t lane = 0; lane < lanes_.size(); lane++) {
    Fd fresh(epoll_create1(EPOLL_CLOEXEC));
    if (!fresh.valid()) return -1;
    std::vector<uint32_t>& owner = lanes_[lane].owner;
    for (size_t fd = 0; fd < owner.size(); fd++) {
      if (owner[fd] == kSpecial) continue;
      uint32_t generation;
      uint32_t events = events_of(owner[fd], &generation);
      control(fresh.get(), EPOLL_CTL_ADD, static_cast<int>(fd), events, tag(owner[fd], generation));
    }
    if (replace_set(lane, fresh) < 0) return -1;
  }
  return 0;
}

}  // namespace kevent
