// A hierarchical timing wheel: insert and cancel in constant time, whatever the number of timers.
//
// Time is counted in ticks of 1,024 ns: an expiry is rounded up and the present down, so nothing
// fires early. A timer lies on the level of the highest 10-bit group in which its tick differs
// from the wheel's present, in the slot that this group names. So on every level all occupied
// slots are ahead of the present, a lower level is always due before a higher one, and when the
// present reaches a slot of a higher level, its timers move down.
//
// A slot's timers are listed in blocks of one cache line each, and a node knows its place there. A
// chain through the nodes would be shorter, but with a million timers each step along it is a
// cache miss that waits for the one before; a block tells many nodes at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kevent {

constexpr uint16_t kNotInWheel = 0xffff;

struct WheelNode {
  uint64_t expires_ns;
  uint32_t block;
  uint16_t place;   // in the block
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
  size_t memory() const { return sizeof *this + blocks_.capacity() * sizeof(Block); }

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
      uint32_t first = list_of(bucket).first;
      list_of(bucket) = {kEnd, kEnd};
      levels_[bucket / kSlots].vacate(bucket % kSlots);
      while (first != kEnd) {
        Block block = blocks_[first];
        release(first);
        first = block.next;
        if (first != kEnd) __builtin_prefetch(&blocks_[first]);
        for (uint32_t i = 0; i < block.used; i++) {
          if (block.timers[i] != kEnd) __builtin_prefetch(&nodes_.node(block.timers[i]));
        }
        for (uint32_t i = 0; i < block.used; i++) {
          uint32_t index = block.timers[i];
          if (index == kEnd) continue;
          WheelNode& node = nodes_.node(index);
          node.bucket = kNotInWheel;
          if (tick_of(node) <= present_) {
            size_--;
            expired(index);
          } else {
            link(index);
          }
        }
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
      for (uint32_t at = list_of(bucket).first; at != kEnd; at = blocks_[at].next) {
        if (++looked_at > kShortList) return due << kTickBits;
        for (uint32_t i = 0; i < blocks_[at].used; i++) {
          if (blocks_[at].timers[i] == kEnd) continue;
          uint64_t tick = tick_of(nodes_.node(blocks_[at].timers[i]));
          if (tick < first) first = tick;
        }
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
  static constexpr uint32_t kShortList = 3;  // blocks
  static constexpr uint32_t kEnd = 0xffffffff;

  static constexpr uint32_t kPlaces = 13;

  struct List {
    uint32_t first, last;  // blocks
  };

  struct Block {
    uint32_t timers[kPlaces];  // kEnd where one was removed
    uint32_t next, prev;
    uint16_t used;
    uint16_t live;
  };
  static_assert(sizeof(Block) == 64, "one cache line");

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
    if (list.last == kEnd || blocks_[list.last].used == kPlaces) append_block(list);
    Block& block = blocks_[list.last];
    node.block = list.last;
    node.place = block.used;
    block.timers[block.used++] = index;
    block.live++;
    levels_[level].occupy(slot);
  }

  void unlink(uint32_t index) {
    WheelNode& node = nodes_.node(index);
    Block& block = blocks_[node.block];
    block.timers[node.place] = kEnd;
    // A block goes with its last timer, so there are never more blocks than timers.
    if (--block.live == 0) {
      List& list = list_of(node.bucket);
      (block.prev == kEnd ? list.first : blocks_[block.prev].next) = block.next;
      (block.next == kEnd ? list.last : blocks_[block.next].prev) = block.prev;
      if (list.first == kEnd) levels_[node.bucket / kSlots].vacate(node.bucket % kSlots);
      release(node.block);
    }
    node.bucket = kNotInWheel;
  }

  void append_block(List& list) {
    uint32_t at = free_;
    if (at != kEnd) {
      free_ = blocks_[at].next;
    } else {
      at = static_cast<uint32_t>(blocks_.size());
      blocks_.emplace_back();
    }
    Block& block = blocks_[at];
    block.used = block.live = 0;
    block.next = kEnd;
    block.prev = list.last;
    (list.last == kEnd ? list.first : blocks_[list.last].next) = at;
    list.last = at;
  }

  void release(uint32_t block) {
    blocks_[block].next = free_;
    free_ = block;
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
  std::vector<Block> blocks_;
  uint32_t free_ = kEnd;  // chained through next
  uint32_t size_ = 0;
};

}  // namespace kevent
