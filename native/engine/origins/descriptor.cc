#include "origins/descriptor.h"

#include <poll.h>

#include <cerrno>

#include "queue.h"
#include "shared_descriptors.h"

namespace kevent {
namespace {

// No event is asked for, but the kernel adds ERR and HUP to whatever it is told, and a standing
// HUP would be reported for ever: ONESHOT has it say so once, which fired() passes over.
constexpr uint32_t kMute = EPOLLONESHOT | EPOLLET;

}  // namespace

uint32_t DescriptorOrigin::watched(const Kevent& kevent) const {
  if (kevent.is(Kevent::kMuted) || kevent.wants(KEVENT_REQ_MUTED)) return kMute;
  uint32_t events = to_epoll(kevent.u.event);
  if (kevent.wants(KEVENT_REQ_ONESHOT)) return events | EPOLLONESHOT;
  if (kevent.wants(KEVENT_REQ_ET)) return events | EPOLLET;
  return events | manner(kevent);
}

uint32_t DescriptorOrigin::look(const Kevent& kevent) const {
  pollfd fd = {kevent.fd, static_cast<short>(to_epoll(kevent.u.event)), 0};
  return poll(&fd, 1, 0) > 0 ? static_cast<uint16_t>(fd.revents) : 0;
}

int DescriptorOrigin::watch(Queue& queue, Kevent& kevent) const {
  int fd = descriptor(kevent);
  if (fd < 0) return fd;
  kevent.fd = fd;
  uint32_t displaced;
  int error =
      queue.epoll().add(fd, watched(kevent), kevent.index, kevent.generation, &kevent.lane, &displaced);
  if (error < 0) return error;
  SharedDescriptors::instance().enter(fd, &queue);
  if (displaced != kNone) queue.broke(displaced, EBADF);
  return 0;
}

int DescriptorOrigin::enqueue(Queue& queue, Kevent& kevent) const {
  int error = watch(queue, kevent);
  if (error < 0) return error;
  if (kevent.wants(KEVENT_REQ_ALWAYS_QUEUE | KEVENT_REQ_READY | KEVENT_REQ_MUTED)) return 0;
  uint32_t revents = look(kevent);
  if (!revents) return 0;
  kevent.u.ret_data[0] = from_epoll(revents, kevent.u.event);
  dequeue(queue, kevent);
  return 1;
}

void DescriptorOrigin::give_back(Queue& queue, Kevent& kevent) const {
  SharedDescriptors& shared = SharedDescriptors::instance();
  if (shared.any()) shared.give_back(kevent.fd, &queue, interest(kevent));
}

void DescriptorOrigin::dequeue(Queue& queue, Kevent& kevent) const {
  queue.epoll().remove(kevent.fd, kevent.index, kevent.lane);
  SharedDescriptors::instance().leave(kevent.fd, &queue, kevent.index);
}

int DescriptorOrigin::arm(Queue& queue, Kevent& kevent) const {
  return queue.epoll().modify(kevent.fd, watched(kevent), kevent.index, kevent.generation, kevent.lane);
}

int DescriptorOrigin::modify(Queue& queue, Kevent& kevent, const ukevent&) const {
  // What it reported was about the old mask. Setting the new one makes the kernel look again.
  if (kevent.is(Kevent::kReady)) {
    queue.unready(kevent);
    give_back(queue, kevent);
  }
  SharedDescriptors& shared = SharedDescriptors::instance();
  if (shared.any()) shared.forget_put_off(kevent.fd, &queue, kevent.index);
  kevent.u.ret_data[0] = kevent.u.ret_data[1] = 0;
  kevent.pending = 0;
  // Muted until the commit, unless it is not level any more: then it does not wait for that.
  if (!kevent.level() || !queue.uncommitted(kevent)) kevent.state &= ~Kevent::kMuted;
  int error = arm(queue, kevent);
  return error == -ENOENT ? -EBADF : error;
}

bool DescriptorOrigin::check(Queue&, Kevent& kevent) const {
  uint32_t revents = look(kevent);
  kevent.u.ret_data[0] = from_epoll(revents, kevent.u.event);
  return revents != 0;
}

void DescriptorOrigin::resume(Queue& queue, Kevent& kevent) const {
  give_back(queue, kevent);
  // A level kevent that was not muted is still armed; one with EPOLLONESHOT or a mute is not.
  if (!kevent.is(Kevent::kMuted) && !kevent.wants(KEVENT_REQ_ONESHOT)) return;
  kevent.state &= ~Kevent::kMuted;
  if (arm(queue, kevent) < 0) queue.broke(kevent, EBADF);
}

void DescriptorOrigin::deliver(Queue&, Kevent& kevent, ukevent& out) const {
  out.ret_data[0] = kevent.u.ret_data[0];
  out.ret_data[1] = 0;
  kevent.u.ret_data[0] = 0;
  kevent.pending = 0;
}

void DescriptorOrigin::committed(Queue& queue, Kevent& kevent) const {
  // Not muted: epoll, level-triggered, reports what still holds the next time it is asked.
  if (!kevent.is(Kevent::kMuted)) return;
  kevent.state &= ~Kevent::kMuted;
  if (arm(queue, kevent) < 0) queue.broke(kevent, EBADF);
}

bool DescriptorOrigin::stale(Queue& queue, Kevent& kevent) const {
  return !queue.epoll().alive(kevent.fd, kevent.index, kevent.lane);
}

void DescriptorOrigin::fired(Queue& queue, Kevent& kevent, uint32_t revents) const {
  if (kevent.is(Kevent::kMuted) || kevent.wants(KEVENT_REQ_MUTED)) return;
  bool uncommitted = kevent.level() && queue.uncommitted(kevent);
  if (uncommitted || (kevent.level() && kevent.is(Kevent::kReady))) {
    kevent.state |= Kevent::kMuted;
    if (uncommitted) queue.look_again_at_commit(kevent);
    queue.count_mute();
    arm(queue, kevent);
    return;
  }
  SharedDescriptors& shared = SharedDescriptors::instance();
  if (shared.any() && !kevent.wants(KEVENT_REQ_WAKEUP_ALL)) {
    SharedDescriptors::Rearm rearm = {queue.epoll().lane_fd(kevent.lane), watched(kevent), kevent.index,
                                      kevent.generation};
    switch (shared.take(kevent.fd, &queue, revents, rearm)) {
      case SharedDescriptors::Taken::not_ours:
        queue.epoll().modify(kevent.fd, kMute, kevent.index, kevent.generation, kevent.lane);
        return;
      case SharedDescriptors::Taken::shared:
        // Between epoll's answer and ours another queue may have held it, read it and let it go.
        if (look(kevent)) break;
        give_back(queue, kevent);
        return;
      case SharedDescriptors::Taken::alone: break;
    }
  }
  kevent.u.ret_data[0] |= from_epoll(revents, kevent.u.event);
  if (!kevent.is(Kevent::kReady)) queue.occurred(kevent);
}

}  // namespace kevent
