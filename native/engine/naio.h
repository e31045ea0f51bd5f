// What the NAIO kevents of one queue share: the slab, and who waits for a free block of it.
#pragma once

#include <vector>

#include "kevent_node.h"
#include "slab.h"

namespace kevent {

class Queue;

// Of ret_data[0]: the bytes that have come with an event.
constexpr uint32_t kLengthMask = (1u << KEVENT_NAIO_WHAT_SHIFT) - 1;

class Naio {
 public:
  Slab& slab() { return slab_; }

  // There was no space for somebody, and no block has become free since.
  bool starving() const { return starving_; }
  void out_of_space() { starving_ = true; }
  // Muted, so that the kernel does not say again and again what cannot be acted on, until there is space.
  void wait_for_space(Kevent& kevent);
  void wait_no_more(Kevent& kevent);

  // A slot does not need the block any more.
  void drop(Queue& queue, uint32_t block);
  // What the kevent has received will not be delivered: it is discarded, or broken, and says which error instead.
  void let_go(Queue& queue, Kevent& kevent);

  size_t memory() const { return slab_.memory() + waiting_.capacity() * sizeof(uint32_t); }

 private:
  Slab slab_;
  std::vector<uint32_t> waiting_;  // kevents, each once
  bool starving_ = false;
};

}  // namespace kevent
