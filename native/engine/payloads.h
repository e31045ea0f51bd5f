// What does not fit into 40 bytes: names of files, siginfo. Bounded, and given back with the slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "kevent.h"

namespace kevent {

class Payloads {
 public:
  // Returns a handle, never 0.
  uint32_t put(std::vector<char>&& bytes);
  const std::vector<char>* get(uint32_t handle) const;
  void drop(uint32_t handle);
  // No slot will give this one back: it stays until enough later ones have come.
  void keep(uint32_t handle);

  size_t bytes() const { return bytes_; }

 private:
  std::unordered_map<uint32_t, std::vector<char>> held_;
  std::deque<uint32_t> kept_;
  uint32_t last_ = 0;
  size_t bytes_ = 0;
};

}  // namespace kevent
