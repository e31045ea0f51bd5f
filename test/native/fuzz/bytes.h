// The fuzzer's input, taken apart from the front. After its end everything is 0.
#pragma once

#include <cstddef>
#include <cstdint>

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool empty() const { return at_ == end_; }
  uint8_t byte() { return empty() ? 0 : *at_++; }
  // 0 .. limit - 1
  uint32_t below(uint32_t limit) { return byte() % limit; }
  uint32_t word() {
    uint32_t word = 0;
    for (int i = 0; i < 4; i++) word = word << 8 | byte();
    return word;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};
