// A hierarchical timing wheel: insert and cancel in constant time, whatever the number of timers.
//
// Time is counted in ticks of 1,024 ns: an expiry is rounded up and the present down, so nothing
// fires early. A timer lies on the level of the highest 10-bit group in which its tick differs
// from the wheel's present, in the slot that this group names. So on every level all occupied
// slots are ahead of the present, a lower level is always due before a higher one, and when the
// present reaches a slot of a higher level, its timers move down. Lists are chained by index
// through nodes that live in the caller's memory: nothing allocates, nothing fails.
#pragma once

#include <cstdint>

namespace kevent {

constexpr uint16_t kNotInWheel = 0xffff;

struct WheelNode {
  uint64_t expires_ns;
  uint32_t next, prev;
  uint16_t bucket;  // level * 1024 + slot
};

// Nodes: WheelNode& node(uint32_t index).
template <class Nodes>
class TimerWheel {
 public:
  explicit TimerWheel(Nodes& nodes) : nodes_(nodes) {
    for (Level& level : levels_) {
      for (List& list : level.lists) list = {kEnd, kEnd};
    }
  }

  uint32_t size() const { return size_; }

  void insert(uint32_t index) {
    size_++;
    link(index);
  }

  void remove(uint32_t index) {
    size_--;
    unlink(index);
  }

  // Calls expired(index) for all that is due, each out of the wheel by then. The callback must
  // neither insert nor remove.
  template <class F>
  void advance(uint64_t now_ns, F&& expired) {
    uint64_t target = now_ns >> kTickBits;
    uint64_t due;
    uint32_t bucket;
    while (earliest(&due, &bucket) && due <= target) {
      present_ = due;
      List& list = list_of(bucket);
      uint32_t index = list.first;
      list = {kEnd, kEnd};
      levels_[bucket / kSlots].vacate(bucket % kSlots);
      while (index != kEnd) {
        WheelNode& node = nodes_.node(index);
        uint32_t next = node.next;
        node.bucket = kNotInWheel;
        if (tick_of(node) <= present_) {
          size_--;
          expired(index);
        } else {
          link(index);
        }
        index = next;
      }
    }
    if (target > present_) present_ = target;
  }

  // UINT64_MAX if empty. Exact for the lowest level and for short lists; otherwise the start of
  // the earliest slot, where its timers move down a level.
  uint64_t next_expiry_ns() const {
    uint64_t due;
    uint32_t bucket;
    if (!earliest(&due, &bucket)) return UINT64_MAX;
    if (bucket >= kSlots) {
      uint64_t first = UINT64_MAX;
      uint32_t looked_at = 0;
      for (uint32_t index = list_of(bucket).first; index != kEnd; index = nodes_.node(index).next) {
        if (++looked_at > kShortList) return due << kTickBits;
        uint64_t tick = tick_of(nodes_.node(index));
        if (tick < first) first = tick;
      }
      if (first > due) due = first;  // a late one is due at its slot's start
    }
    return due << kTickBits;
  }

 private:
  static constexpr uint32_t kTickBits = 10;
  static constexpr uint32_t kSlotBits = 10;  // wide: a timer within the second moves down once
  static constexpr uint32_t kSlots = 1 << kSlotBits;
  static constexpr uint32_t kLevels = 6;  // 60 bits of ticks: all there are
  static constexpr uint32_t kShortList = 32;
  static constexpr uint32_t kEnd = 0xffffffff;

  struct List {
    uint32_t first, last;
  };

  // Which slots have a list, in two steps: a bit for a slot, and a bit for a word of those.
  struct Level {
    List lists[kSlots];
    uint64_t slots[kSlots / 64] = {};
    uint32_t words = 0;

    void occupy(uint32_t slot) {
      slots[slot / 64] |= 1ull << (slot % 64);
      words |= 1u << (slot / 64);
    }
    void vacate(uint32_t slot) {
      slots[slot / 64] &= ~(1ull << (slot % 64));
      if (!slots[slot / 64]) words &= ~(1u << (slot / 64));
    }
    uint32_t first() const {
      uint32_t word = static_cast<uint32_t>(__builtin_ctz(words));
      return word * 64 + static_cast<uint32_t>(__builtin_ctzll(slots[word]));
    }
  };

  static uint64_t tick_of(const WheelNode& node) {
    return (node.expires_ns + ((1ull << kTickBits) - 1)) >> kTickBits;
  }

  List& list_of(uint32_t bucket) { return levels_[bucket / kSlots].lists[bucket % kSlots]; }
  const List& list_of(uint32_t bucket) const { return levels_[bucket / kSlots].lists[bucket % kSlots]; }

  void link(uint32_t index) {
    WheelNode& node = nodes_.node(index);
    uint64_t tick = tick_of(node);
    if (tick <= present_) tick = present_ + 1;
    uint64_t differs = tick ^ present_;
    uint32_t level = (63u - static_cast<uint32_t>(__builtin_clzll(differs))) / kSlotBits;
    uint32_t slot = (tick >> (level * kSlotBits)) & (kSlots - 1);
    uint32_t bucket = level * kSlots + slot;
    node.bucket = static_cast<uint16_t>(bucket);
    List& list = list_of(bucket);
    node.prev = list.last;
    node.next = kEnd;
    (list.last == kEnd ? list.first : nodes_.node(list.last).next) = index;
    list.last = index;
    levels_[level].occupy(slot);
  }

  void unlink(uint32_t index) {
    WheelNode& node = nodes_.node(index);
    List& list = list_of(node.bucket);
    (node.prev == kEnd ? list.first : nodes_.node(node.prev).next) = node.next;
    (node.next == kEnd ? list.last : nodes_.node(node.next).prev) = node.prev;
    if (list.first == kEnd) levels_[node.bucket / kSlots].vacate(node.bucket % kSlots);
    node.bucket = kNotInWheel;
  }

  bool earliest(uint64_t* due, uint32_t* bucket) const {
    for (uint32_t level = 0; level < kLevels; level++) {
      if (!levels_[level].words) continue;
      uint32_t slot = levels_[level].first();
      uint32_t shift = level * kSlotBits;
      uint64_t above = present_ >> (shift + kSlotBits) << (shift + kSlotBits);
      *due = above | static_cast<uint64_t>(slot) << shift;
      *bucket = level * kSlots + slot;
      return true;
    }
    return false;
  }

  Nodes& nodes_;
  uint64_t present_ = 0;
  Level levels_[kLevels];
  uint32_t size_ = 0;
};

}  // namespace kevent
