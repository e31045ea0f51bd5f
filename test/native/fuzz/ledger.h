// What a queue owes its user, kept beside it call by call: which keys are registered, which user
// events have happened and not been delivered, which slots are filled and whose they are.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "kevent.h"

#define MUST(condition)                                                        \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                 \
    }                                                                          \
  } while (0)

class Ledger {
 public:
  using Key = std::tuple<uint32_t, uint64_t, uint32_t, uint32_t>;
  static Key key_of(const ukevent& event) {
    return {event.type, event.id.raw_u64, event.user[0], event.user[1]};
  }

  // An entry that kevent_ctl has answered.
  void answered(uint32_t cmd, const ukevent& asked, const ukevent& answer) {
    Key key = key_of(answer);
    bool broken = answer.ret_flags & KEVENT_RET_BROKEN;
    MUST(key == key_of(asked) && answer.req_flags == asked.req_flags && answer.event == asked.event);
    MUST(!broken || answer.ret_flags == (KEVENT_RET_BROKEN | KEVENT_RET_DONE));
    MUST(!broken || static_cast<int32_t>(answer.ret_data[1]) < 0);
    if (broken) {
      int error = -static_cast<int32_t>(answer.ret_data[1]);
      MUST(error != ENOENT || !known(key) || doubtful(key));
      MUST(error != EEXIST || known(key));
      // A descriptor that went away under its kevent is found out in passing.
      if (error == EBADF && known(key)) keys_[key].doubtful = true;
      return;
    }
    if (cmd == KEVENT_CTL_ADD) {
      // Over a kevent whose descriptor is gone, a new one may be added.
      MUST(!known(key) || doubtful(key) || is_descriptor(answer.type));
      keys_.erase(key);
      if (answer.ret_flags & KEVENT_RET_DONE) return;
      Kevent kevent{};
      kevent.req_flags = answer.req_flags;
      if (answer.req_flags & KEVENT_REQ_READY) kevent.owed = 1;
      keys_[key] = kevent;
      return;
    }
    MUST(answer.ret_flags == KEVENT_RET_DONE && known(key));
    if (cmd == KEVENT_CTL_REMOVE) keys_.erase(key);
    if (cmd == KEVENT_CTL_MODIFY) keys_[key].req_flags = answer.req_flags;
    if (cmd == KEVENT_CTL_READY) keys_[key].owed++;
  }

  // An event that was handed out.
  void delivered(const ukevent& event) {
    Key key = key_of(event);
    MUST(known(key));
    MUST(event.ret_flags & KEVENT_RET_DONE);
    Kevent& kevent = keys_[key];
    MUST(event.req_flags == kevent.req_flags);
    MUST(!(event.req_flags & KEVENT_REQ_MUTED) || event.ret_flags & KEVENT_RET_BROKEN);
    if (event.type == KEVENT_UNOTIFY) {
      MUST(event.ret_data[0] > 0 && event.ret_data[0] == kevent.owed);
      kevent.owed = 0;
    }
    if (event.req_flags & KEVENT_REQ_ONESHOT || event.ret_flags & KEVENT_RET_BROKEN) keys_.erase(key);
  }

  // The descriptor of these kevents was closed: they may be gone, or go, without a word.
  void closed(uint32_t fd) {
    for (auto& [key, kevent] : keys_) {
      if (is_descriptor(std::get<0>(key)) && static_cast<uint32_t>(std::get<1>(key)) == fd) kevent.doubtful = true;
    }
  }

  // kevent_naio_close was called, and has closed the descriptor or found no such kevent.
  void closed_by_queue(const ukevent& entry, bool found) {
    Key key = key_of(entry);
    MUST(found ? known(key) : !known(key) || doubtful(key));
    keys_.erase(key);
    if (found) closed(entry.id.raw[0]);
  }

  template <class F>
  void each(F&& call) const {
    for (const auto& [key, kevent] : keys_) {
      ukevent event{};
      std::tie(event.type, event.id.raw_u64, event.user[0], event.user[1]) = key;
      event.req_flags = kevent.req_flags;
      call(event);
    }
  }

  bool anything_owed() const {
    for (const auto& [key, kevent] : keys_) {
      if (std::get<0>(key) == KEVENT_UNOTIFY && kevent.owed > 0) return true;
    }
    return false;
  }
  size_t registered() const { return keys_.size(); }
  size_t certain() const {
    size_t count = 0;
    for (const auto& [key, kevent] : keys_) count += !kevent.doubtful;
    return count;
  }

 private:
  struct Kevent {
    uint32_t req_flags;
    uint32_t owed;  // occurrences that were not delivered yet
    bool doubtful;
  };
  static bool is_descriptor(uint32_t type) {
    return type == KEVENT_SOCKET || type == KEVENT_PIPE || type == KEVENT_POLL || type == KEVENT_NAIO;
  }
  bool known(const Key& key) const { return keys_.count(key) != 0; }
  bool doubtful(const Key& key) const { return keys_.at(key).doubtful; }

  std::map<Key, Kevent> keys_;
};

// The ring as its readers see it.
class Slots {
 public:
  explicit Slots(uint32_t size) : size_(size) {}

  uint64_t head() const { return head_; }
  uint64_t tail() const { return tail_; }
  uint32_t room() const { return size_ - static_cast<uint32_t>(head_ - tail_); }

  void filled(const ukevent& event) {
    Slot& slot = slots_[head_++];
    if (event.req_flags & KEVENT_REQ_WAKEUP_ALL) slot.audience = consumers_;
    slot.for_anybody = slot.audience.empty();
  }
  void freed(uint64_t count) {
    MUST(count <= head_ - tail_);
    for (; count > 0; count--) slots_.erase(tail_++);
  }
  void opened(int consumer) { consumers_.insert(consumer); }
  // One of several gets what is for anybody; what is for all, each gets once.
  void claimed(int consumer, uint64_t position, uint32_t count) {
    MUST(position >= tail_ && position + count <= head_);
    MUST(position / size_ == (position + count - 1) / size_);
    for (uint64_t p = position; p < position + count; p++) {
      Slot& slot = slots_[p];
      MUST(slot.for_anybody || slot.audience.count(consumer));
      slot.for_anybody = false;
      slot.audience.erase(consumer);
      slot.readers.insert(consumer);
    }
  }
  void finished(int consumer, uint64_t position, uint32_t count) {
    for (uint64_t p = position; p < position + count; p++) {
      auto slot = slots_.find(p);
      if (slot != slots_.end() && slot->second.readers.erase(consumer)) slot->second.seen = true;
    }
  }
  // What nobody has seen to its end, and nobody else has or will get, is for anybody.
  void closed(int consumer) {
    consumers_.erase(consumer);
    for (auto& [position, slot] : slots_) {
      bool had = slot.audience.erase(consumer) + slot.readers.erase(consumer) > 0;
      if (had && slot.audience.empty() && slot.readers.empty() && !slot.seen) slot.for_anybody = true;
    }
  }

 private:
  struct Slot {
    std::set<int> audience, readers;
    bool for_anybody = false;
    bool seen = false;
  };
  uint32_t size_;
  uint64_t head_ = 0, tail_ = 0;
  std::set<int> consumers_;
  std::map<uint64_t, Slot> slots_;
};
