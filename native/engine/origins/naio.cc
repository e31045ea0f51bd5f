// NAIO: a stream that is received into the slab at the moment of delivery. What is not asked for, or has no
// room in ring or slab, stays in the kernel, and slows down the peer.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "direct_calls.h"
#include "naio.h"
#include "origins/descriptor.h"
#include "queue.h"
#include "sockets.h"

namespace kevent {
namespace {

constexpr uint32_t kAskable = KEVENT_SOCKET_RECV | KEVENT_SOCKET_SEND;
static_assert(KEVENT_NAIO_MAX_BLOCK_SIZE <= kLengthMask, "a length fits beside what is ready");
static_assert(KEVENT_NAIO_MAX_BLOCK_SIZE <= 1u << KEVENT_NAIO_BLOCK_SHIFT, "an offset fits beside the block");
static_assert(KEVENT_NAIO_MAX_BLOCKS <= 1u << (32 - KEVENT_NAIO_BLOCK_SHIFT), "and the block beside the offset");

class NaioOrigin : public DescriptorOrigin {
 public:
  int enqueue(Queue& queue, Kevent& kevent) const override {
    // Ready at once would mean bytes without a slot that says how long they are good.
    return watch(queue, kevent);
  }

  void dequeue(Queue& queue, Kevent& kevent) const override {
    queue.naio().let_go(queue, kevent);
    queue.naio().wait_no_more(kevent);
    DescriptorOrigin::dequeue(queue, kevent);
  }

  int modify(Queue& queue, Kevent& kevent, const ukevent& before) const override {
    queue.naio().wait_no_more(kevent);
    if (!kevent.is(Kevent::kReceived)) return DescriptorOrigin::modify(queue, kevent, before);
    // What was received is out of the kernel: it is delivered, whatever is asked for from now on.
    int error = arm(queue, kevent);
    return error == -ENOENT ? -EBADF : error;
  }

  bool always_check() const override { return true; }

  bool check(Queue& queue, Kevent& kevent) const override {
    if (kevent.is(Kevent::kReceived)) return true;
    bool look_again = kevent.pending > 0 || kevent.wants(KEVENT_REQ_LAST_CHECK);
    uint32_t ready = look_again ? from_epoll(look(kevent), kevent.u.event) : kevent.u.ret_data[0];
    uint32_t what = ready >> KEVENT_NAIO_WHAT_SHIFT;
    uint32_t length = 0;
    if (what & KEVENT_SOCKET_RECV) {
      int received = receive_into_slab(queue, kevent);
      if (kevent.is(Kevent::kBroken)) return true;
      if (received <= 0) kevent.state &= ~Kevent::kMore;
      if (received < 0) what &= ~uint32_t{KEVENT_SOCKET_RECV};
      if (received > 0) length = static_cast<uint32_t>(received);
    }
    bool anything = (what & kAskable) != 0;
    kevent.u.ret_data[0] = anything ? what << KEVENT_NAIO_WHAT_SHIFT | length : 0;
    return anything || kevent.pending > 0;
  }

  void resume(Queue& queue, Kevent& kevent) const override {
    // What is still armed waits for space once it fires again. An edge would not come again.
    bool edges = !kevent.level() || manner(kevent);
    if (edges && queue.naio().starving()) {
      give_back(queue, kevent);
      wait_for_space(queue, kevent);
    } else {
      DescriptorOrigin::resume(queue, kevent);
    }
  }

  void committed(Queue& queue, Kevent& kevent) const override {
    DescriptorOrigin::committed(queue, kevent);
    // Without a slot that would say so.
    if (!kevent.is(Kevent::kAgain) || kevent.wants(KEVENT_REQ_MUTED)) return;
    kevent.state &= ~Kevent::kAgain;
    queue.occurred(kevent);
  }

  void deliver(Queue& queue, Kevent& kevent, ukevent& out) const override {
    out.ret_data[0] = kevent.u.ret_data[0];
    out.ret_data[1] = kevent.is(Kevent::kReceived) ? kevent.u.ret_data[1] : 0;
    kevent.state &= ~Kevent::kReceived;
    kevent.u.ret_data[0] = kevent.u.ret_data[1] = 0;
    kevent.pending = 0;
    bool received = out.ret_data[0] >> KEVENT_NAIO_WHAT_SHIFT & KEVENT_SOCKET_RECV;
    if (!received) return;
    if ((out.ret_data[0] & kLengthMask) == 0) {
      // The end. The kernel is told when it says so again: mostly the kevent is gone by then.
      kevent.u.event &= ~uint32_t{KEVENT_SOCKET_RECV};
    } else if (kevent.wants(KEVENT_REQ_ET)) {
      // There may be more, and there would be no edge for it.
      kevent.u.ret_data[0] = KEVENT_SOCKET_RECV << KEVENT_NAIO_WHAT_SHIFT;
      queue.occurred(kevent);
    } else if (manner(kevent) && (kevent.is(Kevent::kMore) || fills_its_block(queue, out))) {
      kevent.u.ret_data[0] = out.ret_data[0] & ~kLengthMask;
      kevent.state |= Kevent::kAgain;
    }
  }

  void fired(Queue& queue, Kevent& kevent, uint32_t revents) const override {
    if (kevent.is(Kevent::kMuted) || kevent.wants(KEVENT_REQ_MUTED)) return;
    bool uncommitted = kevent.level() && queue.uncommitted(kevent);
    bool undelivered = kevent.is(Kevent::kReady) || uncommitted;
    if (manner(kevent)) {
      // All that was there before epoll looked is in revents, and what has come since is one more edge.
      if (revents & ~uint32_t{EPOLLIN}) kevent.state |= Kevent::kMore;
      uint32_t ready = from_epoll(revents, kevent.u.event);
      if (!(ready >> KEVENT_NAIO_WHAT_SHIFT & kAskable)) return;
      if (undelivered) {
        kevent.u.ret_data[0] |= ready;
        return queue.occurred(kevent);
      }
      if (queue.naio().starving()) return wait_for_space(queue, kevent);
    } else if (!undelivered) {
      uint32_t ready = from_epoll(revents, kevent.u.event) >> KEVENT_NAIO_WHAT_SHIFT & kAskable;
      if (!ready) return ask_for_less(queue, kevent);
      if (ready == KEVENT_SOCKET_RECV && queue.naio().starving()) return wait_for_space(queue, kevent);
    }
    DescriptorOrigin::fired(queue, kevent, revents);
  }

 protected:
  int descriptor(Kevent& kevent) const override {
    if (kevent.u.id.raw_u64 > INT_MAX) return -EBADF;
    int fd = static_cast<int>(kevent.u.id.raw[0]);
    int protocol = 0, type = 0;
    if (socket_get_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) == 0 && protocol == IPPROTO_TCP) {
      kevent.state |= Kevent::kTcp;
      return fd;
    }
    int error = socket_get_option(fd, SOL_SOCKET, SO_TYPE, &type);
    if (error == 0) return type == SOCK_STREAM ? fd : -EINVAL;
    if (error != -ENOTSOCK) return error;
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) return -ENOTSOCK;
    // read(2) has no way to ask for not waiting, and this queue would wait with it.
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || !(flags & O_NONBLOCK)) return -EINVAL;
    kevent.state |= Kevent::kNoSocket;
    return fd;
  }

  uint32_t to_epoll(uint32_t event) const override {
    uint32_t events = 0;
    if (event & KEVENT_SOCKET_RECV) events |= EPOLLIN;
    if (event & KEVENT_SOCKET_SEND) events |= EPOLLOUT;
    return events;
  }

  // A TCP connection that is received from only is level for its reader, but edge-triggered in the kernel: that spares it
  // from looking, at each epoll_wait, at all that were ready at the one before. Whoever else is received from may have
  // more to give than a receive has taken: a terminal gives line by line, a Unix socket stops at passed descriptors.
  uint32_t manner(const Kevent& kevent) const override {
    bool edges = kevent.is(Kevent::kTcp) && kevent.level() && !(kevent.u.event & KEVENT_SOCKET_SEND);
    return edges ? EPOLLET | EPOLLRDHUP | EPOLLPRI : 0;
  }

  // As ret_data[0] has it.
  uint32_t from_epoll(uint32_t revents, uint32_t event) const override {
    bool decided = revents & (EPOLLERR | EPOLLHUP);
    uint32_t what = revents & (KEVENT_SOCKET_ERR | KEVENT_SOCKET_HUP);
    if (decided || revents & EPOLLIN) what |= event & KEVENT_SOCKET_RECV;
    if (decided || revents & EPOLLOUT) what |= event & KEVENT_SOCKET_SEND;
    return what << KEVENT_NAIO_WHAT_SHIFT;
  }

 private:
  static bool fills_its_block(Queue& queue, const ukevent& out) {
    uint32_t offset = out.ret_data[1] & ((1u << KEVENT_NAIO_BLOCK_SHIFT) - 1);
    return offset + (out.ret_data[0] & kLengthMask) == queue.naio().slab().block_size();
  }

  // Bytes received, 0 at the end, or a negative errno. Out-of-band data is passed over.
  ssize_t receive(const Kevent& kevent, char* memory, uint32_t size) const {
    // Its number may be another file's by now, of which a read would wait.
    if (kevent.is(Kevent::kNoSocket) && !(look(kevent) & (EPOLLIN | EPOLLHUP | EPOLLERR))) return -EAGAIN;
    for (;;) {
      ssize_t length;
      if (kevent.is(Kevent::kNoSocket)) {
        length = read(kevent.fd, memory, size);
        if (length < 0) length = -errno;
      } else {
        length = receive_from(kevent.fd, memory, size, MSG_DONTWAIT);
      }
      if (length != -EINTR) return length;
    }
  }

  // Bytes received, 0 at the end, -1 if there is nothing now; or the kevent is broken.
  int receive_into_slab(Queue& queue, Kevent& kevent) const {
    Naio& naio = queue.naio();
    Slab::Space space;
    if (!naio.slab().space(&space)) {
      if (!naio.slab().in_use()) queue.broke(kevent, ENOMEM);
      naio.out_of_space();
      return -1;
    }
    ssize_t length = receive(kevent, space.memory, space.size);
    if (length == -EAGAIN) return -1;
    if (length < 0) {
      queue.broke(kevent, static_cast<int>(-length));
      return -1;
    }
    if (length > 0) {
      naio.slab().fill(space, static_cast<uint32_t>(length));
      kevent.u.ret_data[1] = space.block << KEVENT_NAIO_BLOCK_SHIFT | space.offset;
      kevent.state |= Kevent::kReceived;
    }
    return static_cast<int>(length);
  }

  void mute(Queue& queue, Kevent& kevent) const {
    kevent.state |= Kevent::kMuted;
    queue.count_mute();
    arm(queue, kevent);
  }

  void wait_for_space(Queue& queue, Kevent& kevent) const {
    queue.naio().wait_for_space(kevent);
    mute(queue, kevent);
  }

  // The kernel reports what is not asked for any more since the end was delivered.
  void ask_for_less(Queue& queue, Kevent& kevent) const {
    if (kevent.u.event & kAskable) {
      arm(queue, kevent);
    } else {
      mute(queue, kevent);  // HUP and ERR would come all the same
    }
  }
};

}  // namespace

constexpr uint32_t kCommon = KEVENT_SOCKET_ERR | KEVENT_SOCKET_HUP;
constexpr uint32_t kKernels = EPOLLERR | EPOLLHUP;
static_assert(kCommon == kKernels, "ERR and HUP are the kernel's own");

const DescriptorOrigin& naio_origin() {
  static const NaioOrigin origin;
  return origin;
}

void Naio::wait_for_space(Kevent& kevent) {
  if (kevent.is(Kevent::kStarved)) return;
  kevent.state |= Kevent::kStarved;
  waiting_.push_back(kevent.index);
}

void Naio::wait_no_more(Kevent& kevent) {
  if (!kevent.is(Kevent::kStarved)) return;
  kevent.state &= ~Kevent::kStarved;
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), kevent.index));
}

void Naio::let_go(Queue& queue, Kevent& kevent) {
  if (!kevent.is(Kevent::kReceived)) return;
  kevent.state &= ~Kevent::kReceived;
  drop(queue, kevent.u.ret_data[1] >> KEVENT_NAIO_BLOCK_SHIFT);
}

void Naio::drop(Queue& queue, uint32_t block) {
  if (!slab_.drop(block) || !starving_) return;
  starving_ = false;
  std::vector<uint32_t> waiting;
  waiting.swap(waiting_);
  for (uint32_t index : waiting) {
    Kevent& kevent = queue.kevent(index);
    kevent.state &= ~Kevent::kStarved;
    if (kevent.level() && queue.uncommitted(kevent)) {
      queue.look_again_at_commit(kevent);
    } else {
      naio_origin().committed(queue, kevent);
    }
  }
}

}  // namespace kevent
