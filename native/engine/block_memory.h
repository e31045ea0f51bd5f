// The memory of slab blocks, counted by those who look at it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kevent {

// Uninitialized: it may hold what was received before. Null if there is none. Held once.
char* allocate_block(uint32_t size);
void hold_block(void* memory);
// From any thread.
void release_block(void* memory);

// Bytes in front of a block's own.
size_t block_overhead();

}  // namespace kevent
