// Where NAIO receives: blocks of memory that are filled from the beginning to the end, one after the other.
//
// A block is in use while a slot holds it. The memory behind it is counted apart, because JavaScript sees it in
// place and may look at it for as long as it likes: what is freed here is only this side's share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kevent {

constexpr uint32_t kNoBlock = 0xffffffff;

class Slab {
 public:
  Slab() = default;
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // Before first use. -EINVAL, -EBUSY.
  int configure(uint32_t block_size, uint32_t blocks);
  uint32_t block_size() const { return block_size_; }

  struct Space {
    uint32_t block;
    uint32_t offset;
    uint32_t size;
    char* memory;
  };
  // Where to receive next; false if every block is in use, or there is no memory.
  bool space(Space* space);
  // size bytes of that space are filled now, and the block is held once more.
  void fill(const Space& space, uint32_t size);
  // As many times as it was filled. True if there may be space where there was none.
  bool drop(uint32_t block);
  // Whether there will be a drop().
  bool in_use() const { return blocks_.size() > idle_.size(); }

  // See kevent_naio_hold.
  int hold(uint32_t block, bool keep, void** memory, uint32_t* size);
  static void release(void* memory);

  size_t memory() const;

 private:
  struct Block {
    char* memory = nullptr;
    uint32_t uses = 0;  // slots, and kevents that have received and are not delivered yet
    bool kept = false;
  };

  bool next_block();
  void give_up(Block& block);
  void retire(uint32_t number);

  std::vector<Block> blocks_;
  std::vector<uint32_t> idle_;  // the last one first: its memory is the most likely to be in a cache
  uint32_t block_size_ = 0;     // 0: not used yet
  uint32_t most_ = 0;
  uint32_t current_ = kNoBlock;
  uint32_t filled_ = 0;  // of the current one
};

}  // namespace kevent
