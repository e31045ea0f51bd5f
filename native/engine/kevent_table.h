// The kevents of one queue: stable places for the nodes, and an index by key (type, id, user).
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kevent_node.h"

namespace kevent {

class KeventTable {
 public:
  KeventTable() = default;
  ~KeventTable();
  KeventTable(const KeventTable&) = delete;
  KeventTable& operator=(const KeventTable&) = delete;

  // A new node with this key, zeroed but for index and generation; nullptr and *error when full.
  Kevent* insert(const ukevent& key, int* error);
  Kevent* find(const ukevent& key);
  // The place may be taken by another kevent at once; its generation tells them apart.
  void erase(Kevent& kevent);

  // nullptr if that life is over.
  Kevent* at(uint32_t index, uint32_t generation) {
    if (index >= used_) return nullptr;
    Kevent& kevent = at(index);
    return kevent.generation == generation && kevent.is(Kevent::kLive) ? &kevent : nullptr;
  }
  Kevent& at(uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }
  WheelNode& node(uint32_t index) { return at(index).wheel; }
  // Keys that are going to be looked up: first their buckets, some entries later their kevents.
  void prefetch_bucket(const ukevent& key);
  void prefetch_kevent(const ukevent& key);
  void prefetch(uint32_t index) {
    Kevent& kevent = at(index);
    __builtin_prefetch(&kevent);
    __builtin_prefetch(&kevent.u);
  }
  // A kevent that is going to be delivered, and perhaps erased, in a moment.
  void prefetch_delivery(const Kevent& kevent) {
    __builtin_prefetch(&kevent.u);
    __builtin_prefetch(&buckets_[kevent.hash & bucket_mask_]);
  }

  uint32_t size() const { return live_; }
  uint32_t places() const { return used_; }  // every index ever used is below this
  size_t memory() const;

 private:
  static constexpr uint32_t kChunk = 256;
  // A small table grows chunk by chunk. A large one takes huge pages: with a million kevents in
  // random order, most of the time would go into address translation.
  static constexpr uint32_t kChunksPerHugePage = (2u << 20) / (kChunk * sizeof(Kevent));

  struct Bucket {
    uint32_t place;  // index + 1; 0 is empty
    uint32_t hash;
  };

  bool grow_nodes();
  bool grow_index();
  void place_bucket(Bucket bucket);

  std::vector<Kevent*> chunks_;
  std::vector<void*> allocations_;
  Bucket* buckets_ = nullptr;  // open addressing, linear probing, at most half full
  uint32_t bucket_mask_ = 0;
  uint32_t used_ = 0;
  uint32_t live_ = 0;
  uint32_t free_ = kNone;  // chained through ready_next
};

}  // namespace kevent
