// A hierarchical timing wheel: insert and cancel in constant time, whatever the number of timers.
//
// Time is counted in ticks of 1,024 ns: an expiry is rounded up and the present down, so nothing
// fires early. A slot of a level is as long as all slots of the level below together, and a timer
// lies on the lowest level whose slots, from the one that the present is in, reach as far as its
// tick. When the present comes to the start of a slot of a higher level, its timers move down.
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
  uint16_t bucket;  // number of its slot, all levels counted through
};

// Nodes: WheelNode& node(uint32_t index); void prefetch(uint32_t index), what expired() will look at.
template <class Nodes>
class TimerWheel {
 public:
  explicit TimerWheel(Nodes& nodes) : nodes_(nodes) {
    for (List& list : lists_) list = {kEnd, kEnd};
  }

  uint32_t size() const { return size_; }
  size_t memory() const { return sizeof *this + blocks_.capacity() * sizeof(Block); }

  void insert(uint32_t index) {
    size_++;
    link(index, present_ + 1);
  }

  void remove(uint32_t index) {
    size_--;
    unlink(index);
  }

  // Calls expired(index) for what is due, each out of the wheel by then. The callback must neither insert nor
  // remove. Once there were `most` of them it stops soon: false if more is due.
  template <class F>
  bool advance(uint64_t now_ns, uint32_t most, F&& expired) {
    uint64_t target = now_ns >> kTickBits;
    uint32_t before = size_;
    for (Slot slot = earliest(); slot.start <= target; slot = earliest()) {
      if (before - size_ >= most) return false;
      present_ = slot.start;
      if (slot.bucket < kFirst[1]) {
        expire(slot.bucket, target, expired);
      } else {
        move_down(slot.bucket);
      }
    }
    if (target > present_) present_ = target;
    return true;
  }

  // UINT64_MAX if empty. Exact for the lowest level and for short lists; otherwise the start of a
  // slot, where its timers move down a level.
  uint64_t next_expiry_ns() const {
    uint64_t next = kNever;
    for (uint32_t level = 0; level < kLevels; level++) {
      Slot slot = first_of(level);
      if (slot.start >= next) continue;
      uint64_t due = level > 0 && is_short(lists_[slot.bucket]) ? first_tick(lists_[slot.bucket]) : 0;
      if (due < slot.start) due = slot.start;  // a late one is due at its slot's start
      if (due < next) next = due;
    }
    return next == kNever ? UINT64_MAX : next << kTickBits;
  }

 private:
  static constexpr uint32_t kTickBits = 10;
  static constexpr uint32_t kLevels = 6;
  // Slots of 1 us, 1 ms, 4 s, 18 min, 3 days, 2 years. The second level is wide: each move of a million timers is
  // a million cache misses, and a timer within four seconds moves once. Together all the bits of ticks there are.
  static constexpr uint32_t kShift[kLevels + 1] = {0, 10, 22, 30, 38, 46, 54};
  static constexpr uint32_t kFirst[kLevels + 1] = {0, 1024, 5120, 5376, 5632, 5888, 6144};  // buckets
  static constexpr uint32_t kShortList = 3;  // blocks
  static constexpr uint32_t kEnd = 0xffffffff;
  static constexpr uint64_t kNever = UINT64_MAX;

  static constexpr uint32_t kPlaces = 13;
  static constexpr uint32_t kBatch = 64;  // timers that are waited for together

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

  struct Batch {
    uint32_t timers[kBatch];
    uint32_t count = 0;
  };

  struct Slot {
    uint64_t start;  // a tick; kNever: there is none
    uint32_t bucket;
  };

  static uint64_t tick_of(const WheelNode& node) {
    return (node.expires_ns + ((1ull << kTickBits) - 1)) >> kTickBits;
  }

  static uint32_t slots_of(uint32_t level) { return kFirst[level + 1] - kFirst[level]; }

  static uint32_t level_of(uint32_t bucket) {
    uint32_t level = 0;
    while (bucket >= kFirst[level + 1]) level++;
    return level;
  }

  void occupy(uint32_t level, uint32_t bucket) {
    occupied_[bucket / 64] |= 1ull << (bucket % 64);
    words_[level] |= 1ull << (bucket - kFirst[level]) / 64;
  }
  void vacate(uint32_t bucket) {
    occupied_[bucket / 64] &= ~(1ull << (bucket % 64));
    uint32_t level = level_of(bucket);
    if (!occupied_[bucket / 64]) words_[level] &= ~(1ull << (bucket - kFirst[level]) / 64);
  }

  List take_list(uint32_t bucket) {
    List list = lists_[bucket];
    lists_[bucket] = {kEnd, kEnd};
    vacate(bucket);
    return list;
  }

  // Each timer's node is fetched some forty timers before it is looked at, and each block one block before.
  void move_down(uint32_t bucket) {
    uint32_t moving[kBatch];
    uint32_t in = 0;
    uint32_t out = 0;
    for (uint32_t at = take_list(bucket).first; at != kEnd;) {
      Block block = blocks_[at];
      release(at);
      at = block.next;
      if (at != kEnd) __builtin_prefetch(&blocks_[at]);
      for (uint32_t i = 0; i < block.used; i++) {
        if (block.timers[i] == kEnd) continue;
        if (in - out == kBatch) link(moving[out++ % kBatch], present_);
        __builtin_prefetch(&nodes_.node(block.timers[i]));
        moving[in++ % kBatch] = block.timers[i];
      }
    }
    while (out != in) link(moving[out++ % kBatch], present_);
  }

  // The lowest level has few timers in a slot: so that not each of them is waited for, all that is due of 64 slots
  // is fetched before the first is looked at. No slot of a higher level begins among them.
  template <class F>
  void expire(uint32_t first, uint64_t target, F&& expired) {
    uint64_t due = occupied_[first / 64] >> (first % 64);
    if (target - present_ < 63) due &= (2ull << (target - present_)) - 1;
    for (uint64_t rest = due; rest; rest &= rest - 1) {
      __builtin_prefetch(&blocks_[lists_[first + static_cast<uint32_t>(__builtin_ctzll(rest))].first]);
    }
    Batch batch;
    uint64_t start = present_;
    for (; due; due &= due - 1) {
      uint32_t ahead = static_cast<uint32_t>(__builtin_ctzll(due));
      present_ = start + ahead;
      for (uint32_t at = take_list(first + ahead).first; at != kEnd;) {
        if (batch.count + kPlaces > kBatch) expire(batch, expired);
        uint32_t next = blocks_[at].next;
        fetch(blocks_[at], batch);
        release(at);
        at = next;
      }
    }
    expire(batch, expired);
  }

  void fetch(const Block& block, Batch& batch) {
    for (uint32_t i = 0; i < block.used; i++) {
      if (block.timers[i] == kEnd) continue;
      nodes_.prefetch(block.timers[i]);
      batch.timers[batch.count++] = block.timers[i];
    }
  }

  template <class F>
  void expire(Batch& batch, F&& expired) {
    for (uint32_t i = 0; i < batch.count; i++) {
      nodes_.node(batch.timers[i]).bucket = kNotInWheel;
      size_--;
      expired(batch.timers[i]);
    }
    batch.count = 0;
  }

  void link(uint32_t index, uint64_t earliest_tick) {
    WheelNode& node = nodes_.node(index);
    uint64_t tick = tick_of(node);
    if (tick < earliest_tick) tick = earliest_tick;
    uint32_t level = 0;
    while ((tick >> kShift[level]) - (present_ >> kShift[level]) >= slots_of(level)) level++;
    uint32_t bucket = kFirst[level] + ((tick >> kShift[level]) & (slots_of(level) - 1));
    node.bucket = static_cast<uint16_t>(bucket);
    List& list = lists_[bucket];
    if (list.last == kEnd || blocks_[list.last].used == kPlaces) append_block(list);
    Block& block = blocks_[list.last];
    node.block = list.last;
    node.place = block.used;
    block.timers[block.used++] = index;
    block.live++;
    occupy(level, bucket);
  }

  void unlink(uint32_t index) {
    WheelNode& node = nodes_.node(index);
    Block& block = blocks_[node.block];
    block.timers[node.place] = kEnd;
    // A block goes with its last timer, so there are never more blocks than timers.
    if (--block.live == 0) {
      List& list = lists_[node.bucket];
      (block.prev == kEnd ? list.first : blocks_[block.prev].next) = block.next;
      (block.next == kEnd ? list.last : blocks_[block.next].prev) = block.prev;
      if (list.first == kEnd) vacate(node.bucket);
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

  Slot earliest() const {
    Slot first = first_of(0);
    for (uint32_t level = 1; level < kLevels; level++) {
      // First the higher level, if both begin here: what moves down may be due at once.
      Slot other = first_of(level);
      if (other.start <= first.start) first = other;
    }
    return first;
  }

  // The first occupied slot from the present's on, round the level. Nothing lies as far ahead as the present's own
  // slot next time round: what is in that is due now.
  Slot first_of(uint32_t level) const {
    uint64_t words = words_[level];
    if (!words) return {kNever, 0};
    const uint64_t* occupied = occupied_ + kFirst[level] / 64;
    uint64_t now = present_ >> kShift[level];
    uint32_t from = static_cast<uint32_t>(now & (slots_of(level) - 1));
    uint32_t word = from / 64;
    uint64_t bits = occupied[word] >> (from % 64) << (from % 64);
    if (!bits) {
      uint64_t behind = words >> word >> 1 << word << 1;
      word = static_cast<uint32_t>(__builtin_ctzll(behind ? behind : words));
      bits = occupied[word];
    }
    uint32_t place = word * 64 + static_cast<uint32_t>(__builtin_ctzll(bits));
    uint64_t ahead = (place - from) & (slots_of(level) - 1);
    return {(now + ahead) << kShift[level], kFirst[level] + place};
  }

  bool is_short(const List& list) const {
    uint32_t blocks = 0;
    for (uint32_t at = list.first; at != kEnd; at = blocks_[at].next) {
      if (++blocks > kShortList) return false;
    }
    return true;
  }

  uint64_t first_tick(const List& list) const {
    uint64_t first = kNever;
    for (uint32_t at = list.first; at != kEnd; at = blocks_[at].next) {
      for (uint32_t i = 0; i < blocks_[at].used; i++) {
        if (blocks_[at].timers[i] == kEnd) continue;
        uint64_t tick = tick_of(nodes_.node(blocks_[at].timers[i]));
        if (tick < first) first = tick;
      }
    }
    return first;
  }

  Nodes& nodes_;
  uint64_t present_ = 0;
  List lists_[kFirst[kLevels]];
  // Which of them are not empty, in two steps: a bit for a list, and for each level a bit for a word of those.
  uint64_t occupied_[kFirst[kLevels] / 64] = {};
  uint64_t words_[kLevels] = {};
  std::vector<Block> blocks_;
  uint32_t free_ = kEnd;  // chained through next
  uint32_t size_ = 0;
};

}  // namespace kevent
