// INODE: a wd of kevent_inode_watch. What happened collects as records until it is delivered.
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "deadline.h"
#include "origins/origin.h"
#include "queue.h"

namespace kevent {
namespace {

// In times of what gather() was told: so soon after the last burst the next one belongs to it; and the longest wait.
constexpr uint64_t kSoon = 4;
constexpr uint64_t kLongest = 8;

constexpr uint32_t kAlwaysReported = KEVENT_INODE_UNMOUNT | KEVENT_INODE_Q_OVERFLOW | KEVENT_INODE_IGNORED;

InodeExtra& extra_of(const Kevent& kevent) { return *static_cast<InodeExtra*>(kevent.extra); }

class InodeOrigin : public Origin {
 public:
  int enqueue(Queue& queue, Kevent& kevent) const override { return queue.inodes().start(queue, kevent); }
  void dequeue(Queue& queue, Kevent& kevent) const override { queue.inodes().stop(queue, kevent); }
  int modify(Queue&, Kevent&, const ukevent&) const override { return 0; }
  bool check(Queue&, Kevent& kevent) const override { return kevent.pending > 0; }

  void deliver(Queue& queue, Kevent& kevent, ukevent& out) const override {
    InodeExtra& extra = extra_of(kevent);
    // One watch of a group that goes does not end the group.
    out.ret_data[0] = extra.group ? extra.mask & ~KEVENT_INODE_IGNORED : extra.mask;
    out.ret_data[1] = 0;
    kevent.pending = 0;
    extra.mask = 0;
    std::vector<char> records = queue.inodes().take(kevent);
    if (!records.empty()) out.ret_data[1] = queue.payloads().put(std::move(records));
  }
};

}  // namespace

const Origin& inode_origin() {
  static const InodeOrigin origin;
  return origin;
}

int Inodes::open(Queue& queue) {
  if (inotify_.fd() >= 0) return 0;
  int error = inotify_.open();
  if (error < 0) return error;
  error = queue.epoll().add_special(inotify_.fd(), EPOLLIN, Source::inodes);
  if (error < 0) inotify_.close();
  return error;
}

int Inodes::watch(Queue& queue, const char* path, uint32_t mask) {
  int error = open(queue);
  if (error < 0) return error;
  int wd = inotify_.watch(path, mask);
  if (wd >= 0) watches_[wd].asked = true;
  return wd;
}

int Inodes::unwatch(int wd) {
  auto found = watches_.find(wd);
  if (found == watches_.end() || !found->second.asked) return -EINVAL;
  if (!found->second.kevents.empty()) return -EBUSY;
  undelivered_ -= found->second.early.records.size();
  found->second.early = {};
  found->second.asked = false;
  drop_if_unused(found);
  return 0;
}

int Inodes::new_group() {
  if (last_group_ == INT32_MAX) return -ENOSPC;
  return ++last_group_;
}

int Inodes::watch_for(Queue& queue, int group, const char* path, uint32_t mask) {
  auto found = groups_.find(group);
  if (found == groups_.end()) return -EINVAL;
  int error = open(queue);
  if (error < 0) return error;
  int wd = inotify_.watch(path, mask);
  if (wd < 0) return wd;
  std::vector<uint32_t>& groups = watches_[wd].groups;
  if (std::find(groups.begin(), groups.end(), found->second) == groups.end()) groups.push_back(found->second);
  return wd;
}

int Inodes::unwatch_for(int group, int wd) {
  auto owner = groups_.find(group);
  auto watch = watches_.find(wd);
  if (owner == groups_.end() || watch == watches_.end()) return -EINVAL;
  std::vector<uint32_t>& groups = watch->second.groups;
  auto member = std::find(groups.begin(), groups.end(), owner->second);
  if (member == groups.end()) return -EINVAL;
  groups.erase(member);
  drop_if_unused(watch);
  return 0;
}

int Inodes::gather(Queue& queue, uint32_t microseconds) {
  if (microseconds > 1000000) return -EINVAL;
  if (microseconds && !gather_timer_.valid()) {
    Fd fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!fd.valid()) return -errno;
    // Edge-triggered: setting it anew resets it, so it never has to be read.
    int error = queue.epoll().add_special(fd.get(), EPOLLIN | EPOLLET, Source::gathered);
    if (error < 0) return error;
    gather_timer_ = std::move(fd);
  }
  gather_us_ = microseconds;
  return 0;
}

void Inodes::hurry(Queue& queue) {
  at_once_ = true;
  if (!gathering_) return;
  gathering_ = false;
  queue.epoll().set_special(inotify_.fd(), EPOLLIN, Source::inodes);
}

int Inodes::backlog(Queue& queue, int group) const {
  auto found = groups_.find(group);
  if (found == groups_.end()) return -EINVAL;
  const Kevent& kevent = queue.kevent(found->second);
  int pending = inotify_.pending();
  if (pending < 0) return pending;
  int waiting = static_cast<int>(extra_of(kevent).records.size());
  return pending + waiting + (queue.uncommitted(kevent) ? 1 : 0);
}

int Inodes::start_group(Kevent& kevent) {
  uint32_t number = kevent.u.id.raw[0];
  if (kevent.u.id.raw[1] != KEVENT_INODE_GROUP >> 32 || number == 0) return -EINVAL;
  if (number > static_cast<uint32_t>(last_group_)) return -EINVAL;
  if (!groups_.emplace(static_cast<int>(number), kevent.index).second) return -EBUSY;
  auto extra = std::make_unique<InodeExtra>();
  extra->group = true;
  kevent.extra = extra.release();
  return 0;
}

int Inodes::start(Queue& queue, Kevent& kevent) {
  if (kevent.u.id.raw_u64 > INT32_MAX) return start_group(kevent);
  auto found = watches_.find(static_cast<int>(kevent.u.id.raw_u64));
  if (found == watches_.end() || !found->second.asked) return -EINVAL;
  Watch& watch = found->second;
  auto extra = std::make_unique<InodeExtra>();
  if (watch.awaits_first()) {
    extra->records.swap(watch.early.records);
    extra->mask = watch.early.mask;
    watch.early.mask = 0;
  }
  bool early = !extra->records.empty();
  bool ignored = extra->mask & KEVENT_INODE_IGNORED;
  watch.kevents.push_back(kevent.index);
  kevent.extra = extra.release();
  if (ignored) {
    kevent.state |= Kevent::kLast;
    watches_.erase(found);
  }
  if (early) {
    kevent.pending = 1;
    queue.occurred(kevent);
  }
  return 0;
}

void Inodes::stop(Queue& queue, Kevent& kevent) {
  if (extra_of(kevent).group) {
    groups_.erase(static_cast<int>(kevent.u.id.raw[0]));
    for (auto at = watches_.begin(); at != watches_.end();) {
      auto watch = at++;
      std::vector<uint32_t>& groups = watch->second.groups;
      auto member = std::find(groups.begin(), groups.end(), kevent.index);
      if (member == groups.end()) continue;
      groups.erase(member);
      drop_if_unused(watch);
    }
    return;
  }
  undelivered_ -= extra_of(kevent).records.size();
  auto found = watches_.find(static_cast<int>(kevent.u.id.raw_u64));
  if (found != watches_.end()) {
    std::vector<uint32_t>& kevents = found->second.kevents;
    kevents.erase(std::find(kevents.begin(), kevents.end(), kevent.index));
    if (kevents.empty()) found->second.asked = false;
    drop_if_unused(found);
  }
  relieve(queue);
}

void Inodes::drop_if_unused(Watches::iterator watch) {
  if (watch->second.asked || !watch->second.groups.empty()) return;
  // -EINVAL: the kernel has forgotten it already.
  inotify_.unwatch(watch->first);
  watches_.erase(watch);
}

std::vector<char> Inodes::take(Kevent& kevent) {
  std::vector<char> records;
  InodeExtra& extra = extra_of(kevent);
  records.swap(extra.records);
  if (!extra.group) undelivered_ -= records.size();
  extra.overflowed = false;
  return records;
}

void Inodes::append(InodeExtra& extra, const Record& record) {
  kevent_inode_record header = {};
  header.mask = record.mask;
  header.cookie = record.cookie;
  header.length = record.length;
  header.next = static_cast<uint32_t>((sizeof header + record.length + 7) & ~size_t{7});
  header.wd = record.wd;
  size_t at = extra.records.size();
  extra.records.resize(at + header.next);
  memcpy(extra.records.data() + at, &header, sizeof header);
  if (record.length) memcpy(extra.records.data() + at + sizeof header, record.name, record.length);
  extra.mask |= record.mask;
  if (!extra.group) undelivered_ += header.next;
}

void Inodes::report_to(Queue& queue, uint32_t index, const Record& record) {
  Kevent& kevent = queue.kevent(index);
  InodeExtra& extra = extra_of(kevent);
  if (!(record.mask & (kevent.u.event | kAlwaysReported) & ~KEVENT_INODE_ISDIR) || extra.overflowed) return;
  if (extra.group && extra.records.size() >= KEVENT_MAX_GROUP_RECORDS) {
    // Its reader is slow: the kernel would do the same, but to all of the queue's.
    append(extra, {-1, KEVENT_INODE_Q_OVERFLOW, 0, nullptr, 0});
    extra.overflowed = true;
    return;
  }
  append(extra, record);
  kevent.pending = 1;
  if (record.mask & KEVENT_INODE_IGNORED && !extra.group) kevent.state |= Kevent::kLast;
  queue.occurred(kevent);
}

void Inodes::report(Queue& queue, Watch& watch, const Record& record) {
  if (watch.awaits_first()) append(watch.early, record);
  for (uint32_t index : watch.kevents) report_to(queue, index, record);
}

void Inodes::record(Queue& queue, const Record& record) {
  if (record.wd < 0) {
    for (auto& entry : watches_) report(queue, entry.second, record);
    for (auto& entry : groups_) report_to(queue, entry.second, record);
    return;
  }
  auto found = watches_.find(record.wd);
  if (found == watches_.end()) return;
  Watch& watch = found->second;
  report(queue, watch, record);
  for (uint32_t index : watch.groups) report_to(queue, index, record);
  if (!(record.mask & KEVENT_INODE_IGNORED)) return;
  // The kernel has forgotten the wd. Without a kevent the entry stays: the first one shall hear of it.
  watch.groups.clear();
  if (!watch.awaits_first()) watches_.erase(found);
}

void Inodes::collect(Queue& queue) {
  if (gather_us_ && !at_once_) {
    gathering_ = true;
    queue.epoll().set_special(inotify_.fd(), 0, Source::inodes);
    uint64_t least = gather_us_ * 1000ull;
    bool soon = monotonic_now() < read_ns_ + kSoon * least;
    wait_ns_ = soon ? std::min(2 * wait_ns_, kLongest * least) : least;
    itimerspec setting = {};
    setting.it_value.tv_sec = static_cast<time_t>(wait_ns_ / 1000000000);
    setting.it_value.tv_nsec = static_cast<long>(wait_ns_ % 1000000000);
    timerfd_settime(gather_timer_.get(), 0, &setting, nullptr);
    return;
  }
  read(queue);
}

void Inodes::gathered(Queue& queue) {
  if (!gathering_) return;
  gathering_ = false;
  read(queue);
  read_ns_ = monotonic_now();
  if (!stopped_) queue.epoll().set_special(inotify_.fd(), EPOLLIN, Source::inodes);
}

void Inodes::read(Queue& queue) {
  struct Context {
    Inodes* inodes;
    Queue* queue;
  } context = {this, &queue};
  at_once_ = inotify_.read(
      [](void* opaque, int wd, uint32_t mask, uint32_t cookie, const char* name, uint32_t length) {
        auto* c = static_cast<Context*>(opaque);
        c->inodes->record(*c->queue, {wd, mask, cookie, name, length});
      },
      &context) > Inotify::kRead / 2;
  if (undelivered_ + queue.payloads().bytes() < KEVENT_MAX_PAYLOAD) return;
  stopped_ = true;
  queue.epoll().set_special(inotify_.fd(), 0, Source::inodes);
}

void Inodes::relieve(Queue& queue) {
  if (!stopped_ || undelivered_ + queue.payloads().bytes() >= KEVENT_MAX_PAYLOAD / 2) return;
  stopped_ = false;
  queue.epoll().set_special(inotify_.fd(), EPOLLIN, Source::inodes);
}

}  // namespace kevent
