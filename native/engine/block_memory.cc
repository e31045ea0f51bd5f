#include "block_memory.h"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>

namespace kevent {
namespace {

// In front of a block's bytes, on a cache line of its own.
struct alignas(64) Header {
  std::atomic<uint32_t> holders;
  uint32_t size;
  Header* next;
};

// Blocks that nobody holds any more. A bulk transfer gives up one block after the other: to get each from malloc, and the
// kernel's page faults with it, costs more than to receive into it.
class Spare {
 public:
  Header* take(uint32_t size) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (Header** link = &first_; *link; link = &(*link)->next) {
      Header* header = *link;
      if (header->size != size) continue;
      *link = header->next;
      bytes_ -= size;
      return header;
    }
    return nullptr;
  }

  // False if there are enough.
  bool put(Header* header) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (bytes_ + header->size > kMostBytes) return false;
    header->next = first_;
    first_ = header;
    bytes_ += header->size;
    return true;
  }

 private:
  static constexpr size_t kMostBytes = 16 * 1024 * 1024;

  std::mutex mutex_;
  Header* first_ = nullptr;
  size_t bytes_ = 0;
};

// Never destroyed: a thread may still let go of blocks while the process ends.
Spare& spare() {
  static Spare* const spare = new (std::nothrow) Spare;
  return *spare;
}

Header* header_of(void* memory) { return reinterpret_cast<Header*>(static_cast<char*>(memory) - sizeof(Header)); }

}  // namespace

char* allocate_block(uint32_t size) {
  Header* header = spare().take(size);
  if (!header) {
    void* memory = nullptr;
    if (posix_memalign(&memory, alignof(Header), sizeof(Header) + size) != 0) return nullptr;
    header = new (memory) Header;
    header->size = size;
  }
  header->holders.store(1, std::memory_order_relaxed);
  return reinterpret_cast<char*>(header + 1);
}

void hold_block(void* memory) { header_of(memory)->holders.fetch_add(1, std::memory_order_relaxed); }

void release_block(void* memory) {
  Header* header = header_of(memory);
  if (header->holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (!spare().put(header)) free(header);
}

size_t block_overhead() { return sizeof(Header); }

}  // namespace kevent
