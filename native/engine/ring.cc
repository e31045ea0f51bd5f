#include "ring.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace kevent {

Ring::~Ring() { free(slots_); }

int Ring::check(const kevent_ring* memory, uint32_t size) {
  if ((memory == nullptr) != (size == 0)) return -EINVAL;
  if (size == 1 || size > KEVENT_MAX_RING) return -EINVAL;
  if (reinterpret_cast<uintptr_t>(memory) % alignof(ukevent) != 0) return -EINVAL;
  return 0;
}

int Ring::open(kevent_ring* memory, uint32_t size) {
  slots_ = static_cast<Slot*>(calloc(size, sizeof(Slot)));
  if (!slots_) return -ENOMEM;
  memory_ = memory;
  size_ = size;
  __atomic_store_n(&memory_->ring_kidx, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&memory_->ring_over, 0, __ATOMIC_RELEASE);
  return 0;
}

void Ring::fill(const ukevent& event, const SlotOwner& owner, bool broadcast) {
  memory_->event[head_index_] = event;
  Slot& s = slots_[head_index_];
  s.audience = broadcast && consumers_ ? consumers_ : kAnyOne;
  s.readers = 0;
  s.owner = owner;
  s.seen = s.done = false;
  if (owner.special) special_++;
  head_++;
  head_index_ = after(head_index_);
  // Release: a reader that sees the new index sees the entry (the original had no barrier, B23).
  __atomic_store_n(&memory_->ring_kidx, head_index_, __ATOMIC_RELEASE);
}

void Ring::mark(uint64_t position) {
  SlotOwner& owner = slots_[index_of(position)].owner;
  if (!owner.special) special_++;
  owner.special = true;
}

int Ring::resolve(uint32_t new_uidx, uint32_t over, uint64_t* position) const {
  if (new_uidx >= size_) return -EINVAL;
  // `over` is the low half of a 64-bit count of wraps: take the one nearest to the tail's.
  int64_t wraps = static_cast<int64_t>(tail_ / size_);
  int64_t named = wraps + static_cast<int32_t>(over - static_cast<uint32_t>(wraps));
  if (named < 0 || wraps - named > 1) return -EOVERFLOW;
  if (static_cast<uint64_t>(named) > head_ / size_) return -EINVAL;
  *position = static_cast<uint64_t>(named) * size_ + new_uidx;
  if (*position <= tail_) return 0;
  return *position > head_ ? -EINVAL : 1;
}

int Ring::open_consumer() {
  spell_out();
  for (int id = 0; id < KEVENT_MAX_CONSUMERS; id++) {
    if (consumers_ >> id & 1) continue;
    consumers_ |= 1ull << id;
    cursor_[id] = tail_;
    return id;
  }
  return -EUSERS;
}

bool Ring::claimable(int consumer) {
  uint64_t wanted = kAnyOne | 1ull << consumer;
  uint64_t p = cursor_[consumer] < tail_ ? tail_ : cursor_[consumer];
  for (uint32_t i = index_of(p); p < head_ && !(slots_[i].audience & wanted); i = after(i)) p++;
  cursor_[consumer] = p;
  return p < head_;
}

uint32_t Ring::claim(int consumer, uint32_t max, uint64_t* position) {
  if (!claimable(consumer)) return 0;
  uint64_t bit = 1ull << consumer;
  uint64_t first = cursor_[consumer];
  uint32_t i = index_of(first);
  uint64_t end = first + (size_ - i);
  if (end > head_) end = head_;
  if (end - first > max) end = first + max;
  uint64_t p = first;
  if (claims_span(consumer, first)) {
    if (span_.to != first || span_.consumer != consumer) span_ = {first, first, consumer};
    p = span_.to = end;
  }
  for (; p < end; p++, i++) {
    Slot& s = slots_[i];
    if (!(s.audience & (kAnyOne | bit))) break;
    s.audience &= ~(kAnyOne | bit);
    s.readers |= bit;
  }
  cursor_[consumer] = p;
  *position = first;
  return static_cast<uint32_t>(p - first);
}

bool Ring::claims_span(int consumer, uint64_t first) const {
  return consumers_ == 1ull << consumer && first >= mixed_to_ && (span_.to <= tail_ || span_.to == first);
}

void Ring::spell_out() {
  uint64_t p = span_.from < tail_ ? tail_ : span_.from;
  for (uint32_t i = index_of(p); p < span_.to; p++, i = after(i)) {
    slots_[i].audience = 0;
    slots_[i].readers = 1ull << span_.consumer;
  }
  span_ = {0, 0, -1};
}

uint32_t Ring::advance(uint64_t position) {
  uint64_t before = tail_;
  uint64_t index = tail_index_ + (position - tail_);
  bool wrapped = index >= size_;
  tail_index_ = static_cast<uint32_t>(wrapped ? index - size_ : index);
  tail_ = position;
  while (tail_ < head_ && slots_[tail_index_].done) {
    tail_++;
    tail_index_ = after(tail_index_);
    wrapped |= tail_index_ == 0;
  }
  if (memory_ && wrapped) {
    __atomic_store_n(&memory_->ring_over, static_cast<uint32_t>(tail_ / size_), __ATOMIC_RELEASE);
  }
  return static_cast<uint32_t>(tail_ - before);
}

}  // namespace kevent
