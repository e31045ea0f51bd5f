// The slab's blocks: filled in order, used again, bounded, and never pulled from under those who look at them.
#include "slab.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "check.h"
#include "kevent.h"

namespace {

using kevent::Slab;

constexpr uint32_t kSize = 4096;

Slab::Space fill(Slab& slab, uint32_t size) {
  Slab::Space space;
  CHECK(slab.space(&space));
  CHECK(space.size >= size);
  memset(space.memory, 'a' + static_cast<int>(space.block), size);
  slab.fill(space, size);
  return space;
}

TEST(blocks_are_filled_from_the_beginning_to_the_end_one_after_the_other) {
  Slab slab;
  CHECK_EQ(slab.configure(kSize, 2), 0);
  for (uint32_t i = 0; i < 4; i++) {
    Slab::Space space = fill(slab, kSize / 4);
    CHECK_EQ(space.block, 0u);
    CHECK_EQ(space.offset, i * kSize / 4);
    CHECK_EQ(space.size, kSize - space.offset);
  }
  CHECK_EQ(fill(slab, 1).block, 1u);
}

TEST(a_block_with_less_than_a_sixteenth_left_is_used_up) {
  Slab slab;
  slab.configure(kSize, 2);
  fill(slab, kSize - kSize / 16);
  CHECK_EQ(fill(slab, 1).block, 0u);
  CHECK_EQ(fill(slab, 1).block, 1u);
}

TEST(there_is_no_space_while_every_block_is_used_up_and_held) {
  Slab slab;
  slab.configure(kSize, 2);
  CHECK(!slab.in_use());
  fill(slab, kSize);
  fill(slab, kSize);
  Slab::Space space;
  CHECK(!slab.space(&space));
  CHECK(slab.in_use());
  CHECK(slab.drop(1));
  CHECK_EQ(fill(slab, kSize).block, 1u);
  CHECK(!slab.space(&space));
}

TEST(a_block_that_nobody_holds_is_filled_anew_from_its_beginning) {
  Slab slab;
  slab.configure(kSize, 4);
  Slab::Space first = fill(slab, 100);
  fill(slab, 100);
  CHECK(!slab.drop(0));
  CHECK_EQ(fill(slab, 100).offset, 200u);
  slab.drop(0);
  slab.drop(0);
  Slab::Space again = fill(slab, 100);
  CHECK_EQ(again.block, 0u);
  CHECK_EQ(again.offset, 0u);
  CHECK(again.memory == first.memory);
}

TEST(the_block_that_was_used_last_is_used_next) {
  Slab slab;
  slab.configure(kSize, 8);
  for (int i = 0; i < 3; i++) fill(slab, kSize);
  slab.drop(2);
  slab.drop(0);
  slab.drop(1);
  CHECK_EQ(fill(slab, kSize).block, 1u);
  CHECK_EQ(fill(slab, kSize).block, 0u);
}

TEST(a_kept_block_is_not_filled_anew_and_its_number_gets_other_memory) {
  Slab slab;
  slab.configure(kSize, 1);
  Slab::Space kept = fill(slab, 100);
  void* memory;
  uint32_t size;
  CHECK_EQ(slab.hold(0, true, &memory, &size), 0);
  CHECK_EQ(size, kSize);
  CHECK(memory == kept.memory);
  slab.drop(0);
  // What is left of it is still used: those who hold it have bytes in front of that.
  Slab::Space rest = fill(slab, kSize - 100);
  CHECK_EQ(rest.offset, 100u);
  CHECK(rest.memory == kept.memory + 100);
  CHECK(slab.drop(0));
  Slab::Space fresh = fill(slab, kSize);
  CHECK_EQ(fresh.block, 0u);
  CHECK(fresh.memory != kept.memory);
  CHECK_EQ(kept.memory[0], 'a');
  Slab::release(memory);
}

TEST(a_large_receive_is_the_last_in_its_block) {
  Slab slab;
  slab.configure(65536, 2);
  fill(slab, 100);
  Slab::Space most = fill(slab, KEVENT_NAIO_MOST_SHARED);
  CHECK_EQ(most.offset, 100u);
  Slab::Space large = fill(slab, KEVENT_NAIO_MOST_SHARED + 1);
  CHECK_EQ(large.block, 0u);
  Slab::Space next = fill(slab, 100);
  CHECK_EQ(next.block, 1u);
  CHECK_EQ(next.offset, 0u);
}

TEST(memory_that_is_held_outlives_the_slab) {
  std::vector<void*> memories;
  {
    Slab slab;
    slab.configure(kSize, 4);
    for (uint32_t block = 0; block < 4; block++) {
      fill(slab, kSize);
      void* memory;
      uint32_t size;
      CHECK_EQ(slab.hold(block, block % 2 == 0, &memory, &size), 0);
      memories.push_back(memory);
    }
    slab.drop(0);
    slab.drop(1);
  }
  for (size_t block = 0; block < memories.size(); block++) {
    char* bytes = static_cast<char*>(memories[block]);
    CHECK_EQ(bytes[kSize - 1], static_cast<char>('a' + block));
    Slab::release(bytes);
  }
}

TEST(a_block_that_is_kept_when_nobody_uses_it_leaves_the_slab_at_once) {
  Slab slab;
  slab.configure(kSize, 2);
  Slab::Space first = fill(slab, kSize);
  slab.drop(0);
  void* memory;
  uint32_t size;
  CHECK_EQ(slab.hold(0, true, &memory, &size), 0);
  CHECK_EQ(slab.hold(0, false, &memory, &size), -ENOENT);
  CHECK(fill(slab, kSize).memory != first.memory);
  Slab::release(first.memory);
}

TEST(blocks_are_allocated_as_they_are_needed) {
  Slab slab;
  slab.configure(kSize, 16);
  size_t none = slab.memory();
  for (int i = 0; i < 1000; i++) {
    fill(slab, kSize);
    slab.drop(0);
  }
  CHECK(slab.memory() - none < 2 * kSize);
}

TEST(a_slab_that_cannot_be_is_refused) {
  Slab slab;
  CHECK_EQ(slab.configure(0, 1), -EINVAL);
  CHECK_EQ(slab.configure(kSize - 1, 1), -EINVAL);
  CHECK_EQ(slab.configure(kSize + 1, 1), -EINVAL);
  CHECK_EQ(slab.configure(KEVENT_NAIO_MIN_BLOCK_SIZE / 2, 1), -EINVAL);
  CHECK_EQ(slab.configure(KEVENT_NAIO_MAX_BLOCK_SIZE * 2, 1), -EINVAL);
  CHECK_EQ(slab.configure(kSize, 0), -EINVAL);
  CHECK_EQ(slab.configure(kSize, KEVENT_NAIO_MAX_BLOCKS + 1), -EINVAL);
  CHECK_EQ(slab.configure(kSize, KEVENT_NAIO_MAX_BLOCKS), 0);
  CHECK_EQ(slab.configure(KEVENT_NAIO_MAX_BLOCK_SIZE, 1), 0);
  fill(slab, 1);
  CHECK_EQ(slab.configure(kSize, 1), -EBUSY);
}

TEST(blocks_that_are_not_there_cannot_be_held) {
  Slab slab;
  void* memory;
  uint32_t size;
  CHECK_EQ(slab.hold(0, false, &memory, &size), -ENOENT);
  fill(slab, 1);
  CHECK_EQ(slab.hold(1, false, &memory, &size), -ENOENT);
  CHECK_EQ(slab.hold(UINT32_MAX, true, &memory, &size), -ENOENT);
}

}  // namespace
