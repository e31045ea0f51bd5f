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
  bool special;      // the queue is to be told when the slot is done
  bool in_slab;      // the payload is a block of the slab, counted from 1
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

  // Whether the slot filled at this position is not done yet.
  bool holds(uint64_t position) const {
    return position >= tail_ && position < head_ && !slots_[index_of(position)].done;
  }
  // Makes a slot that is not done yet special.
  void mark(uint64_t position);

  // The position that kevent_commit's two arguments name: -EINVAL, -EOVERFLOW, 0 (nothing to do) or 1.
  int resolve(uint32_t new_uidx, uint32_t over, uint64_t* position) const;

  int open_consumer();
  // Hands over what it had not finished; what nobody will read now is done, as below.
  template <class F>
  void close_consumer(int consumer, F&& done);
  bool has_consumer(int consumer) const {
    return consumer >= 0 && consumer < KEVENT_MAX_CONSUMERS && (consumers_ >> consumer & 1);
  }
  bool claimable(int consumer);
  uint32_t claim(int consumer, uint32_t max, uint64_t* position);

  // Both call done(owner) for each special slot that nobody reads any more; return how many slots became free.
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

  // What the only consumer claims for itself alone is a span, of which the slots know nothing: claimed and
  // finished in order, it costs the same for one slot as for thousands. It is written into the slots
  // (spell_out) when anything else comes up.
  struct Span {
    uint64_t from, to;
    int consumer;
  };

  // The index of a position costs a 64-bit division; walking on from one costs a comparison.
  uint32_t index_of(uint64_t position) const { return static_cast<uint32_t>(position % size_); }
  uint32_t after(uint32_t index) const { return index + 1 == size_ ? 0 : index + 1; }
  template <class F>
  void settle(Slot& slot, F&& done) {
    if (slot.done || slot.audience || slot.readers) return;
    finally(slot, done);
  }
  template <class F>
  void finally(Slot& slot, F&& done) {
    slot.done = true;
    if (!slot.owner.special) return;
    special_--;
    done(slot.owner);
  }
  bool claims_span(int consumer, uint64_t first) const;
  void spell_out();
  // The tail goes to `position`, and over what is done behind it.
  uint32_t advance(uint64_t position);

  kevent_ring* memory_ = nullptr;
  Slot* slots_ = nullptr;
  uint32_t size_ = 0;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;
  uint32_t head_index_ = 0;
  uint32_t tail_index_ = 0;
  uint32_t special_ = 0;  // slots that are special and not done
  uint64_t consumers_ = 0;
  Span span_ = {0, 0, -1};
  uint64_t mixed_to_ = 0;  // from here on, a slot that the only consumer comes to is its own or anybody's
  uint64_t cursor_[KEVENT_MAX_CONSUMERS] = {};  // nothing before this is claimable for the consumer
};

template <class F>
int Ring::finish(int consumer, uint64_t position, uint32_t count, F&& done) {
  if (position > head_ || count > head_ - position) return -1;
  uint64_t bit = 1ull << consumer;
  uint64_t p = position < tail_ ? tail_ : position;
  uint64_t end = position + count;
  if (p >= end) return 0;
  if (consumer == span_.consumer && p == tail_ && p >= span_.from && end <= span_.to) {
    uint32_t i = tail_index_;
    // All that it walks over are done, not only the special ones: done() may ask about the others.
    for (; special_ > 0 && p < end; p++, i = after(i)) finally(slots_[i], done);
    return static_cast<int>(advance(end));
  }
  if (p < span_.to && end > span_.from) spell_out();
  for (uint32_t i = index_of(p); p < end; p++, i = after(i)) {
    Slot& s = slots_[i];
    if (!(s.readers & bit)) continue;
    s.readers &= ~bit;
    s.seen = true;
    settle(s, done);
  }
  return static_cast<int>(advance(tail_));
}

template <class F>
uint32_t Ring::commit(uint64_t position, F&& done) {
  uint32_t i = tail_index_;
  for (uint64_t p = tail_; p < position; p++, i = after(i)) {
    Slot& s = slots_[i];
    s.audience = s.readers = 0;
    settle(s, done);
  }
  return advance(tail_);
}

template <class F>
void Ring::close_consumer(int consumer, F&& done) {
  spell_out();
  mixed_to_ = head_;
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
  advance(tail_);
}

}  // namespace kevent
