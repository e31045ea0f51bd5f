#include "origins/origin.h"

#include "origins/descriptor.h"

namespace kevent {

void Origin::resume(Queue&, Kevent&) const {}

void Origin::committed(Queue&, Kevent&) const {}

bool Origin::stale(Queue&, Kevent&) const { return false; }

const Origin* origin_of(uint32_t type) {
  switch (type) {
    case KEVENT_SOCKET: return &socket_origin();
    case KEVENT_INODE: return &inode_origin();
    case KEVENT_TIMER: return &timer_origin();
    case KEVENT_POLL: return &poll_origin();
    case KEVENT_NAIO: return &naio_origin();
    case KEVENT_PIPE: return &pipe_origin();
    case KEVENT_SIGNAL: return &signal_origin();
    case KEVENT_POSIX_TIMER: return &posix_timer_origin();
    case KEVENT_UNOTIFY: return &unotify_origin();
    default: return nullptr;
  }
}

}  // namespace kevent
