// INODE: a wd of kevent_inode_watch. What happened collects as records until it is delivered.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "origins/origin.h"
#include "queue.h"

namespace kevent {
namespace {

constexpr uint32_t kAlwaysReported = KEVENT_INODE_UNMOUNT | KEVENT_INODE_Q_OVERFLOW | KEVENT_INODE_IGNORED;

InodeExtra& extra_of(Kevent& kevent) { return *static_cast<InodeExtra*>(kevent.extra); }

class InodeOrigin : public Origin {
 public:
  int enqueue(Queue& queue, Kevent& kevent) const override { return queue.inodes().start(queue, kevent); }
  void dequeue(Queue& queue, Kevent& kevent) const override { queue.inodes().stop(queue, kevent); }
  int modify(Queue&, Kevent&, const ukevent&) const override { return 0; }
  bool check(Queue&, Kevent& kevent) const override { return kevent.pending > 0; }

  void deliver(Queue& queue, Kevent& kevent, ukevent& out) const override {
    InodeExtra& extra = extra_of(kevent);
    out.ret_data[0] = extra.mask;
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

int Inodes::watch(Queue& queue, const char* path, uint32_t mask) {
  if (inotify_.fd() < 0) {
    int error = inotify_.open();
    if (error < 0) return error;
    error = queue.epoll().add_special(inotify_.fd(), EPOLLIN, Source::inodes);
    if (error < 0) {
      inotify_.close();
      return error;
    }
  }
  int wd = inotify_.watch(path, mask);
  if (wd >= 0) watches_[wd];
  return wd;
}

int Inodes::unwatch(int wd) {
  auto found = watches_.find(wd);
  if (found == watches_.end()) return -EINVAL;
  if (!found->second.kevents.empty()) return -EBUSY;
  undelivered_ -= found->second.early.records.size();
  watches_.erase(found);
  return inotify_.unwatch(wd);
}

int Inodes::start(Queue& queue, Kevent& kevent) {
  if (kevent.u.id.raw_u64 > INT32_MAX) return -EINVAL;
  auto found = watches_.find(static_cast<int>(kevent.u.id.raw_u64));
  if (found == watches_.end()) return -EINVAL;
  Watch& watch = found->second;
  auto extra = std::make_unique<InodeExtra>();
  if (watch.kevents.empty() && !watch.early.records.empty()) {
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
  undelivered_ -= extra_of(kevent).records.size();
  auto found = watches_.find(static_cast<int>(kevent.u.id.raw_u64));
  if (found != watches_.end()) {
    std::vector<uint32_t>& kevents = found->second.kevents;
    kevents.erase(std::find(kevents.begin(), kevents.end(), kevent.index));
    if (kevents.empty()) {
      inotify_.unwatch(found->first);
      watches_.erase(found);
    }
  }
  relieve(queue);
}

std::vector<char> Inodes::take(Kevent& kevent) {
  std::vector<char> records;
  records.swap(extra_of(kevent).records);
  undelivered_ -= records.size();
  return records;
}

void Inodes::append(InodeExtra& extra, const Record& record) {
  kevent_inode_record header = {};
  header.mask = record.mask;
  header.cookie = record.cookie;
  header.length = record.length;
  header.next = static_cast<uint32_t>((sizeof header + record.length + 7) & ~size_t{7});
  size_t at = extra.records.size();
  extra.records.resize(at + header.next);
  memcpy(extra.records.data() + at, &header, sizeof header);
  if (record.length) memcpy(extra.records.data() + at + sizeof header, record.name, record.length);
  extra.mask |= record.mask;
  undelivered_ += header.next;
}

void Inodes::report(Queue& queue, Watch& watch, const Record& record) {
  if (watch.kevents.empty()) append(watch.early, record);
  for (uint32_t index : watch.kevents) {
    Kevent& kevent = queue.kevent(index);
    if (!(record.mask & (kevent.u.event | kAlwaysReported) & ~KEVENT_INODE_ISDIR)) continue;
    append(extra_of(kevent), record);
    kevent.pending = 1;
    if (record.mask & KEVENT_INODE_IGNORED) kevent.state |= Kevent::kLast;
    queue.occurred(kevent);
  }
}

void Inodes::record(Queue& queue, int wd, const Record& record) {
  if (wd < 0) {
    for (auto& entry : watches_) report(queue, entry.second, record);
    return;
  }
  auto found = watches_.find(wd);
  if (found == watches_.end()) return;
  report(queue, found->second, record);
  // The kernel has forgotten the wd. Without a kevent the entry stays: the first one shall hear of it.
  if (record.mask & KEVENT_INODE_IGNORED && !found->second.kevents.empty()) watches_.erase(found);
}

void Inodes::collect(Queue& queue) {
  struct Context {
    Inodes* inodes;
    Queue* queue;
  } context = {this, &queue};
  inotify_.read(
      [](void* opaque, int wd, uint32_t mask, uint32_t cookie, const char* name, uint32_t length) {
        auto* c = static_cast<Context*>(opaque);
        c->inodes->record(*c->queue, wd, {mask, cookie, name, length});
      },
      &context);
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
