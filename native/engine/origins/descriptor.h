// What SOCKET, PIPE, POLL, NAIO and POSIX_TIMER have in common: a file descriptor that epoll watches.
#pragma once

#include <sys/epoll.h>

#include "origins/origin.h"

namespace kevent {

class DescriptorOrigin : public Origin {
 public:
  int enqueue(Queue& queue, Kevent& kevent) const override;
  void dequeue(Queue& queue, Kevent& kevent) const override;
  int modify(Queue& queue, Kevent& kevent, const ukevent& before) const override;
  bool check(Queue& queue, Kevent& kevent) const override;
  void resume(Queue& queue, Kevent& kevent) const override;
  void deliver(Queue& queue, Kevent& kevent, ukevent& out) const override;
  void committed(Queue& queue, Kevent& kevent) const override;
  bool stale(Queue& queue, Kevent& kevent) const override;

  // epoll reported it.
  virtual void fired(Queue& queue, Kevent& kevent, uint32_t revents) const;
  // Lets other queues have what this kevent has collected and will not act on.
  void give_back(Queue& queue, Kevent& kevent) const;
  // What to tell epoll about this kevent, its mute included.
  uint32_t watched(const Kevent& kevent) const;
  // The events that it holds against other queues once one was collected.
  uint32_t interest(const Kevent& kevent) const { return to_epoll(kevent.u.event) | EPOLLERR | EPOLLHUP; }

 protected:
  // Which fd, if it is of the right kind; or a negative errno.
  virtual int descriptor(Kevent& kevent) const = 0;
  // EPOLL* bits for the kevent's event mask, and back.
  virtual uint32_t to_epoll(uint32_t event) const = 0;
  virtual uint32_t from_epoll(uint32_t revents, uint32_t event) const = 0;
  // What a level kevent is watched with besides.
  virtual uint32_t manner(const Kevent&) const { return 0; }

  // Starts watching: 0 or a negative errno.
  int watch(Queue& queue, Kevent& kevent) const;
  // What poll(2) says now, ERR and HUP included, as epoll would.
  uint32_t look(const Kevent& kevent) const;
  // Tells epoll what to watch now; -ENOENT, -EBADF: the fd is gone.
  int arm(Queue& queue, Kevent& kevent) const;
};

const DescriptorOrigin& naio_origin();

bool is_descriptor(uint32_t type);
const DescriptorOrigin& descriptor_origin(uint32_t type);

}  // namespace kevent
