// Descriptors that somebody owns. A bit each: numbers are small, as the kernel gives out the least that is free.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <vector>

namespace kevent::binding {

class DescriptorSet {
 public:
  // fd is open, which bounds the memory.
  void insert(int fd) {
    size_t place = static_cast<size_t>(fd);
    if (place >= bits_.size()) bits_.resize(place + 1);
    bits_[place] = true;
  }

  // Whether it was there.
  bool erase(int fd) {
    size_t place = static_cast<size_t>(fd);
    if (fd < 0 || place >= bits_.size() || !bits_[place]) return false;
    bits_[place] = false;
    return true;
  }

  void close_all() {
    for (size_t fd = 0; fd < bits_.size(); fd++) {
      if (bits_[fd]) ::close(static_cast<int>(fd));
    }
    bits_.clear();
  }

 private:
  std::vector<bool> bits_;
};

}  // namespace kevent::binding
