#include "slab.h"

#include <cerrno>

#include "block_memory.h"
#include "kevent.h"

namespace kevent {
namespace {

// A block with less room than this part of it counts as used up: many small calls would cost more.
constexpr uint32_t kSmallestPart = 16;

}  // namespace

Slab::~Slab() {
  for (Block& block : blocks_) give_up(block);
}

int Slab::configure(uint32_t block_size, uint32_t blocks) {
  bool power_of_two = (block_size & (block_size - 1)) == 0;
  if (!power_of_two || block_size < KEVENT_NAIO_MIN_BLOCK_SIZE || block_size > KEVENT_NAIO_MAX_BLOCK_SIZE) {
    return -EINVAL;
  }
  if (blocks == 0 || blocks > KEVENT_NAIO_MAX_BLOCKS) return -EINVAL;
  if (!blocks_.empty()) return -EBUSY;
  block_size_ = block_size;
  most_ = blocks;
  return 0;
}

bool Slab::space(Space* space) {
  if (current_ == kNoBlock && !next_block()) return false;
  *space = {current_, filled_, block_size_ - filled_, blocks_[current_].memory + filled_};
  return true;
}

void Slab::fill(const Space& space, uint32_t size) {
  blocks_[space.block].uses++;
  filled_ += size;
  bool is_full = block_size_ - filled_ < block_size_ / kSmallestPart;
  if (is_full || size > KEVENT_NAIO_MOST_SHARED) current_ = kNoBlock;
}

bool Slab::drop(uint32_t number) {
  Block& block = blocks_[number];
  if (--block.uses > 0) return false;
  if (number != current_) {
    retire(number);
    return true;
  }
  // Nobody looks at it any more: to begin again at once keeps a small part of the memory busy, and in the cache.
  if (!block.kept) filled_ = 0;
  return false;
}

int Slab::hold(uint32_t number, bool keep, void** memory, uint32_t* size) {
  if (number >= blocks_.size() || !blocks_[number].memory) return -ENOENT;
  Block& block = blocks_[number];
  hold_block(block.memory);
  *memory = block.memory;
  *size = block_size_;
  if (keep) block.kept = true;
  if (keep && number != current_ && block.uses == 0) give_up(block);
  return 0;
}

void Slab::release(void* memory) { release_block(memory); }

size_t Slab::memory() const {
  size_t bytes = blocks_.capacity() * sizeof(Block) + idle_.capacity() * sizeof(uint32_t);
  for (const Block& block : blocks_) bytes += block.memory ? block_overhead() + block_size_ : 0;
  return bytes;
}

bool Slab::next_block() {
  if (block_size_ == 0) configure(KEVENT_NAIO_BLOCK_SIZE, KEVENT_NAIO_BLOCKS);
  bool have_memory = !idle_.empty() && blocks_[idle_.back()].memory;
  if (!have_memory && blocks_.size() < most_) {
    idle_.push_back(static_cast<uint32_t>(blocks_.size()));
    blocks_.emplace_back();
  }
  if (idle_.empty()) return false;
  Block& block = blocks_[idle_.back()];
  if (!block.memory) block.memory = allocate_block(block_size_);
  if (!block.memory) return false;
  current_ = idle_.back();
  filled_ = 0;
  idle_.pop_back();
  return true;
}

// Its memory belongs to those who hold it now. The number is the last to be used again: whoever reads may still
// think of the old memory by it.
void Slab::give_up(Block& block) {
  if (block.memory) release(block.memory);
  block.memory = nullptr;
  block.kept = false;
}

void Slab::retire(uint32_t number) {
  if (!blocks_[number].kept) {
    idle_.push_back(number);
    return;
  }
  give_up(blocks_[number]);
  idle_.insert(idle_.begin(), number);
}

}  // namespace kevent
