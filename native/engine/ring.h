// The shared buffer: positions, slots, who may still read which, and what is free again.
//
// Positions are free-running 64-bit counts, so full and empty, late and early, and a wrap old are
// all told apart by plain comparison. They and the claims live here, not in the caller's memory:
// that the caller may scribble over, and nothing that we rely on is read back from it.
#pragma once

#include <cstddef>

#include "kevent.h"

namespace kevent {

// What the queue must remember about a filled slot.
struct SlotOwner {
  uint32_t index;       // the kevent that it came from
  uint32_t generation;  // ... in which of its lives
  int32_t shared_fd;    // >= 0: an origin that other queues watch too is held until the slot is done
  uint32_t shared_mask;
  uint32_t payload;  // handle, 0 for none
  bool level;        // the kevent has no other event until this slot is done
};

class Ring {
 public:
  Ring() = default;
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  static int check(const kevent_ring* memory, uint32_t size);
  int open(kevent_ring* memory, uint32_t size);
  // The caller's memory is not touched from here on.
  void detach() { memory_ = nullptr; }

  bool exists() const { return slots_ != nullptr; }
  uint32_t size() const { return size_; }
  uint32_t room() const { return exists() ? size_ - static_cast<uint32_t>(head_ - tail_) : 0; }
  uint64_t head() const { return head_; }
  uint64_t tail() const { return tail_; }
  uint32_t kidx() const { return head_index_; }

  // Needs room. broadcast: every open consumer is to see it, else any one of them.
  void fill(const ukevent& event, const SlotOwner& owner, bool broadcast);

  // The position that kevent_commit's two arguments name: -EINVAL, -EOVERFLOW, 0 (nothing to do) or 1.
  int resolve(uint32_t new_uidx, uint32_t over, uint64_t* position) const;

  int open_consumer();
  // Hands over what it had not finished; what nobody will read now is done, and given to done(owner).
  template <class F>
  void close_consumer(int consumer, F&& done);
  bool has_consumer(int consumer) const {
    return consumer >= 0 && consumer < KEVENT_MAX_CONSUMERS && (consumers_ >> consumer & 1);
  }
  bool claimable(int consumer);
  uint32_t claim(int consumer, uint32_t max, uint64_t* position);

  // Both call done(owner) for each slot that nobody reads any more; return how many became free.
  template <class F>
  int finish(int consumer, uint64_t position, uint32_t count, F&& done);
  template <class F>
  uint32_t commit(uint64_t position, F&& done);

  size_t memory() const { return exists() ? size_ * sizeof(Slot) : 0; }

 private:
  // A slot is done when nobody has still to claim it and nobody reads it.
  struct Slot {
    uint64_t audience;  // kAnyOne, or the consumers that have still to claim it
    uint64_t readers;   // the consumers that claimed it and have not finished
    SlotOwner owner;
    bool seen;  // somebody finished it: if the others go away it need not be handed on
    bool done;
  };
  static constexpr uint64_t kAnyOne = 1ull << 63;

  // The index of a position costs a 64-bit division; walking on from one costs a comparison.
  uint32_t index_of(uint64_t position) const { return static_cast<uint32_t>(position % size_); }
  uint32_t after(uint32_t index) const { return index + 1 == size_ ? 0 : index + 1; }
  template <class F>
  void settle(Slot& slot, F&& done) {
    if (slot.done || slot.audience || slot.readers) return;
    slot.done = true;
    done(slot.owner);
  }
  uint32_t advance();

  kevent_ring* memory_ = nullptr;
  Slot* slots_ = nullptr;
  uint32_t size_ = 0;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;
  uint32_t head_index_ = 0;
  uint32_t tail_index_ = 0;
  uint64_t consumers_ = 0;
  uint64_t cursor_[KEVENT_MAX_CONSUMERS] = {};  // nothing before this is claimable for the consumer
};

template <class F>
int Ring::finish(int consumer, uint64_t position, uint32_t count, F&& done) {
  if (position > head_ || count > head_ - position) return -1;
  uint64_t bit = 1ull << consumer;
  uint64_t p = position < tail_ ? tail_ : position;
  for (uint32_t i = index_of(p); p < position + count; p++, i = after(i)) {
    Slot& s = slots_[i];
    if (!(s.readers & bit)) continue;
    s.readers &= ~bit;
    s.seen = true;
    settle(s, done);
  }
  return static_cast<int>(advance());
}

template <class F>
uint32_t Ring::commit(uint64_t position, F&& done) {
  uint32_t i = tail_index_;
  for (uint64_t p = tail_; p < position; p++, i = after(i)) {
    Slot& s = slots_[i];
    s.audience = s.readers = 0;
    settle(s, done);
  }
  return advance();
}

template <class F>
void Ring::close_consumer(int consumer, F&& done) {
  uint64_t bit = 1ull << consumer;
  consumers_ &= ~bit;
  uint32_t i = tail_index_;
  for (uint64_t p = tail_; p < head_; p++, i = after(i)) {
    Slot& s = slots_[i];
    if (!((s.audience | s.readers) & bit)) continue;
    s.audience &= ~bit;
    s.readers &= ~bit;
    if (!s.audience && !s.readers && !s.seen) {
      s.audience = kAnyOne;
      for (uint64_t& cursor : cursor_) {
        if (cursor > p) cursor = p;
      }
    }
    settle(s, done);
  }
  advance();
}

}  // namespace kevent
