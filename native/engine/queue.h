// One kevent queue: its kevents, its ready list, at most one ring, and who waits for it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "inodes.h"
#include "kevent.h"
#include "kevent_table.h"
#include "naio.h"
#include "payloads.h"
#include "pollers/epoll.h"
#include "ready_list.h"
#include "ring.h"
#include "signals.h"
#include "timers.h"
#include "waiters.h"

namespace kevent {

class Queue {
 public:
  Queue() : ready_(table_), timers_(table_) {}
  ~Queue();

  int open(kevent_ring* ring, uint32_t size);
  void close();
  // Its descriptor was closed, and its number given out again, behind our back.
  void abandon();
  int fd() const { return epoll_.public_fd(); }

  // The calls. See kevent.h.
  int control(uint32_t cmd, uint32_t num, ukevent* entries);
  int get_events(uint32_t min_nr, uint32_t max_nr, const kevent_timespec* timeout, ukevent* buf, uint32_t flags);
  int wait(uint32_t num, uint32_t old_uidx, const kevent_timespec* timeout, uint32_t flags);
  int commit(uint32_t new_uidx, uint32_t over);
  int open_consumer(void (*notify)(void*), void* context);
  int close_consumer(int consumer);
  int claim(int consumer, uint32_t max, const kevent_timespec* timeout, uint32_t flags, kevent_run* run);
  int finish(int consumer, uint64_t position, uint32_t count);
  int open_observer(void (*notify)(void*), void* context);
  int close_observer(int observer);
  int payload(uint32_t handle, void* buf, uint32_t size);
  int watch_inode(const char* path, uint32_t mask);
  int unwatch_inode(int wd);
  int new_inode_group();
  int watch_inode_for(int group, const char* path, uint32_t mask);
  int unwatch_inode_for(int group, int wd);
  int inode_backlog(int group);
  int gather_inodes(uint32_t microseconds);
  int hurry_inodes();
  int configure_slab(uint32_t block_size, uint32_t blocks);
  int close_stream(const ukevent& entry);
  int hold_block(uint32_t block, bool keep, void** memory, uint32_t* size);
  int statistics(kevent_statistics* out);
  int loop_fd();

  // For origins, under the mutex.
  Epoll& epoll() { return epoll_; }
  Timers& timers() { return timers_; }
  Signals& signals() { return signals_; }
  Inodes& inodes() { return inodes_; }
  Payloads& payloads() { return payloads_; }
  Naio& naio() { return naio_; }
  Kevent& kevent(uint32_t index) { return table_.at(index); }
  // It happened: onto the ready list now or, if level and uncommitted, at the commit.
  void occurred(Kevent& kevent);
  // It can never happen again, because of error: say so once, and let it go.
  void broke(Kevent& kevent, int error);
  void broke(uint32_t index, int error) { broke(table_.at(index), error); }
  void unready(Kevent& kevent) { ready_.remove(kevent); }
  // Level: its event is in a slot that has not been given back.
  bool uncommitted(const Kevent& kevent) const { return kevent.slot && ring_.holds(kevent.slot - 1); }
  // It is uncommitted, and at the commit its origin is to be looked at.
  void look_again_at_commit(const Kevent& kevent) { ring_.mark(kevent.slot - 1); }
  void count_mute() { muted_++; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  static constexpr size_t kMaxObservers = 65536;
  struct Listener {
    void (*notify)(void*);
    void* context;
    bool told;     // and has not come since
    bool starved;  // found the ring full when it came last
    bool idle;     // found nothing to claim when it came last
  };

  // queue_control.cc
  int add(ukevent& entry);
  int remove(const ukevent& entry);
  int modify(const ukevent& entry);
  int make_ready(const ukevent& entry);
  void discard(Kevent& kevent);

  // queue_delivery.cc
  void collect(uint32_t wanted);
  bool guess();
  void route(const epoll_event& event, bool* orphan);
  void leave_orphans();
  Kevent* next_ready();
  void take(Kevent& kevent, ukevent& out, SlotOwner& owner);
  void taken(Kevent& kevent, bool in_slot);
  bool take_due_timers();
  uint32_t fill_ring(uint32_t most);
  uint32_t collect_into_ring(uint32_t wanted, uint32_t most);
  bool something_is_ready();
  bool takes_token(bool waits);
  void slot_done(const SlotOwner& owner);
  void payload_done(const SlotOwner& owner);
  void release_unslotted();
  uint32_t fill_buffer(uint32_t most, ukevent* buf);

  // queue_waiting.cc
  bool wants_to_run(const Waiter& waiter);
  bool waits_for_timer(Lock& lock, uint64_t latest = UINT64_MAX);
  int sleep(Lock& lock, Waiter& waiter, const Deadline& deadline);
  void pass_on();
  bool pass_on_to_waiters();
  void signal();
  void release_all();
  void tell(Listener& listener);
  void tell_idle();
  void tell_observers();
  void tell_all();
  void room_was_made();

  std::mutex mutex_;
  KeventTable table_;
  ReadyList ready_;
  Ring ring_;
  Epoll epoll_;
  Timers timers_;
  Signals signals_;
  Inodes inodes_;
  Payloads payloads_;
  Naio naio_;
  Waiters waiters_;
  std::vector<Listener> consumers_;  // by consumer number
  std::vector<Listener> observers_;
  std::vector<SlotOwner> unslotted_;  // deliveries to a buffer that hold a shared descriptor, or a block
  uint64_t plain_from_ = 0;           // behind the last slot whose event was the last of its kevent
  uint32_t tokens_ = 0;               // READY with no entries, not yet taken
  bool owes_collect_ = false;         // a claim was content with timers
  bool dropped_ = false;              // a kevent turned out not to be ready any more
  bool signalled_ = false;            // the wake-up is in the epoll set and not yet collected
  bool closed_ = false;

  static constexpr uint64_t kNobody = ~uint64_t{0};
  uint64_t busy_ = kNobody;  // as epoll names it: the stream that alone was ready when the kernel was asked last
  uint64_t asked_ = 0;       // when that was
  uint32_t guesses_ = 0;     // that it is ready, since then

  uint64_t total_ = 0;
  uint64_t immediate_ = 0;
  uint64_t delivered_ = 0;
  uint64_t to_ring_ = 0;
  uint64_t muted_ = 0;
  uint64_t wakeups_ = 0;
  uint64_t collects_ = 0;
};

}  // namespace kevent
