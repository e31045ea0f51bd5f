#include "kevent_table.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace kevent {
namespace {

uint32_t hash_key(const ukevent& u) {
  uint64_t user = (static_cast<uint64_t>(u.user[1]) << 32) | u.user[0];
  uint64_t h = u.id.raw_u64 * 0x9e3779b97f4a7c15ull;
  h ^= (user + u.type) * 0xc2b2ae3d27d4eb4full;
  h ^= h >> 29;
  h *= 0xbf58476d1ce4e5b9ull;
  return static_cast<uint32_t>(h >> 32);
}

bool same_key(const ukevent& a, const ukevent& b) {
  return a.id.raw_u64 == b.id.raw_u64 && a.type == b.type && a.user[0] == b.user[0] && a.user[1] == b.user[1];
}

constexpr size_t kHugePage = 2u << 20;

// Zeroed, and in huge pages if there is enough of it. nullptr when there is no memory.
void* allocate(size_t bytes) {
  size_t alignment = bytes >= kHugePage ? kHugePage : alignof(Kevent);
  void* memory = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (!memory) return nullptr;
  if (bytes >= kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);
  memset(memory, 0, bytes);
  return memory;
}

}  // namespace

KeventTable::~KeventTable() {
  for (void* allocation : allocations_) free(allocation);
  free(buckets_);
}

Kevent* KeventTable::insert(const ukevent& key, int* error) {
  if (live_ >= KEVENT_MAX_KEVENTS) {
    *error = ENOSPC;
    return nullptr;
  }
  if ((live_ + 1) * 2ull > bucket_mask_ && !grow_index()) {
    *error = ENOMEM;
    return nullptr;
  }
  uint32_t index = free_;
  if (index != kNone) {
    free_ = at(index).ready_next;
  } else {
    if (used_ == chunks_.size() * kChunk && !grow_nodes()) {
      *error = ENOMEM;
      return nullptr;
    }
    index = used_++;
  }
  Kevent& kevent = at(index);
  uint32_t generation = kevent.generation + 1;
  kevent = {};
  kevent.u = key;
  kevent.index = index;
  kevent.generation = generation;
  kevent.state = Kevent::kLive;
  kevent.ready_next = kevent.ready_prev = kNone;
  kevent.fd = -1;
  kevent.wheel.bucket = kNotInWheel;
  kevent.hash = hash_key(key);
  live_++;
  place_bucket({index + 1, kevent.hash});
  return &kevent;
}

Kevent* KeventTable::find(const ukevent& key) {
  if (!buckets_) return nullptr;
  uint32_t hash = hash_key(key);
  for (uint32_t i = hash & bucket_mask_; buckets_[i].place; i = (i + 1) & bucket_mask_) {
    if (buckets_[i].hash != hash) continue;
    Kevent& kevent = at(buckets_[i].place - 1);
    if (same_key(kevent.u, key)) return &kevent;
  }
  return nullptr;
}

void KeventTable::prefetch_bucket(const ukevent& key) {
  if (buckets_) __builtin_prefetch(&buckets_[hash_key(key) & bucket_mask_]);
}

void KeventTable::prefetch_kevent(const ukevent& key) {
  if (!buckets_) return;
  uint32_t place = buckets_[hash_key(key) & bucket_mask_].place;
  if (place) prefetch(place - 1);
}

void KeventTable::erase(Kevent& kevent) {
  uint32_t place = kevent.index + 1;
  uint32_t i = kevent.hash & bucket_mask_;
  while (buckets_[i].place != place) i = (i + 1) & bucket_mask_;
  // Close the gap: no tombstones, so a table that is added to and removed from for ever stays fast.
  for (uint32_t j = (i + 1) & bucket_mask_; buckets_[j].place; j = (j + 1) & bucket_mask_) {
    uint32_t home = buckets_[j].hash & bucket_mask_;
    if (((j - home) & bucket_mask_) >= ((j - i) & bucket_mask_)) {
      buckets_[i] = buckets_[j];
      i = j;
    }
  }
  buckets_[i].place = 0;
  kevent.state = 0;
  kevent.ready_next = free_;
  free_ = kevent.index;
  live_--;
}

size_t KeventTable::memory() const {
  size_t buckets = buckets_ ? (static_cast<size_t>(bucket_mask_) + 1) * sizeof(Bucket) : 0;
  return buckets + chunks_.size() * (kChunk * sizeof(Kevent)) + chunks_.capacity() * sizeof(Kevent*);
}

void KeventTable::place_bucket(Bucket bucket) {
  uint32_t i = bucket.hash & bucket_mask_;
  while (buckets_[i].place) i = (i + 1) & bucket_mask_;
  buckets_[i] = bucket;
}

bool KeventTable::grow_nodes() {
  uint32_t count = chunks_.size() < kChunksPerHugePage ? 1 : kChunksPerHugePage;
  auto* nodes = static_cast<Kevent*>(allocate(count * kChunk * sizeof(Kevent)));
  if (!nodes) return false;
  allocations_.push_back(nodes);
  for (uint32_t i = 0; i < count; i++) chunks_.push_back(nodes + i * kChunk);
  return true;
}

bool KeventTable::grow_index() {
  uint32_t count = buckets_ ? (bucket_mask_ + 1) * 2 : 64;
  auto* bigger = static_cast<Bucket*>(allocate(count * sizeof(Bucket)));
  if (!bigger) return false;
  Bucket* old = buckets_;
  uint32_t old_count = old ? bucket_mask_ + 1 : 0;
  buckets_ = bigger;
  bucket_mask_ = count - 1;
  for (uint32_t i = 0; i < old_count; i++) {
    if (old[i].place) place_bucket(old[i]);
  }
  free(old);
  return true;
}

}  // namespace kevent
