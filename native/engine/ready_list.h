// Kevents that fired and are not yet delivered, first in first out. Never allocates, so never fails.
#pragma once

#include "kevent_table.h"

namespace kevent {

class ReadyList {
 public:
  explicit ReadyList(KeventTable& table) : table_(table) {}

  bool empty() const { return first_ == kNone; }
  uint32_t size() const { return size_; }
  Kevent& front() { return table_.at(first_); }

  void push_back(Kevent& kevent) {
    kevent.state |= Kevent::kReady;
    kevent.ready_prev = last_;
    kevent.ready_next = kNone;
    (last_ == kNone ? first_ : table_.at(last_).ready_next) = kevent.index;
    last_ = kevent.index;
    size_++;
  }

  void remove(Kevent& kevent) {
    (kevent.ready_prev == kNone ? first_ : table_.at(kevent.ready_prev).ready_next) = kevent.ready_next;
    (kevent.ready_next == kNone ? last_ : table_.at(kevent.ready_next).ready_prev) = kevent.ready_prev;
    kevent.ready_next = kevent.ready_prev = kNone;
    kevent.state &= ~Kevent::kReady;
    size_--;
  }

  // Goes ahead of the one who delivers the list from its front, and has what delivery touches fetched.
  class Scout {
   public:
    explicit Scout(const ReadyList& list) : table_(list.table_), next_(list.first_) {
      for (uint32_t i = 0; i < kAhead; i++) go_on();
    }
    // May come to a kevent that was taken off the list, or is none any more: then it leads nowhere, which does no harm.
    void go_on() {
      if (next_ == kNone) return;
      const Kevent& kevent = table_.at(next_);
      table_.prefetch_delivery(kevent);
      next_ = kevent.ready_next;
    }

   private:
    static constexpr uint32_t kAhead = 8;

    KeventTable& table_;
    uint32_t next_;
  };

 private:
  KeventTable& table_;
  uint32_t first_ = kNone;
  uint32_t last_ = kNone;
  uint32_t size_ = 0;
};

}  // namespace kevent
