#include "payloads.h"

namespace kevent {

uint32_t Payloads::put(std::vector<char>&& bytes) {
  do {
    last_++;
  } while (last_ == 0 || held_.count(last_) != 0);
  bytes_ += bytes.size();
  held_.emplace(last_, std::move(bytes));
  return last_;
}

const std::vector<char>* Payloads::get(uint32_t handle) const {
  auto found = held_.find(handle);
  return found == held_.end() ? nullptr : &found->second;
}

void Payloads::drop(uint32_t handle) {
  auto found = held_.find(handle);
  if (found == held_.end()) return;
  bytes_ -= found->second.size();
  held_.erase(found);
}

void Payloads::keep(uint32_t handle) {
  kept_.push_back(handle);
  if (kept_.size() <= KEVENT_KEPT_PAYLOADS) return;
  drop(kept_.front());
  kept_.pop_front();
}

}  // namespace kevent
