#include "shared_descriptors.h"

#include <sys/epoll.h>

#include <algorithm>

namespace kevent {

SharedDescriptors& SharedDescriptors::instance() {
  // Never destroyed: threads may still be in a queue while the process runs its exit handlers.
  static auto* shared = new SharedDescriptors;
  return *shared;
}

SharedDescriptors::Member* SharedDescriptors::Group::find(const Queue* queue) {
  for (Member& member : members) {
    if (member.queue == queue) return &member;
  }
  return nullptr;
}

void SharedDescriptors::Member::forget(uint32_t index) {
  put_off.erase(std::remove_if(put_off.begin(), put_off.end(), [&](const Rearm& r) { return r.index == index; }),
                put_off.end());
}

void SharedDescriptors::Group::rearm_others(int fd, const Queue* queue) {
  for (Member& member : members) {
    if (member.queue == queue) continue;
    for (const Rearm& rearm : member.put_off) {
      epoll_event event = {};
      event.events = rearm.events;
      event.data.u64 = static_cast<uint64_t>(rearm.generation) << 32 | rearm.index;
      // Looks at the file again: an event comes now if there is still something to do.
      epoll_ctl(rearm.set, EPOLL_CTL_MOD, fd, &event);
    }
    member.put_off.clear();
  }
}

void SharedDescriptors::enter(int fd, const Queue* queue) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto group = shared_.find(fd);
  if (group != shared_.end()) {
    Member* member = group->second.find(queue);
    if (member) {
      member->kevents++;
    } else {
      group->second.members.push_back({queue, 1, 0, {}});
    }
    return;
  }
  if (singles_.size() <= static_cast<size_t>(fd)) singles_.resize(static_cast<size_t>(fd) + 1);
  Single& single = singles_[static_cast<size_t>(fd)];
  if (single.kevents == 0 || single.queue == queue) {
    single.queue = queue;
    single.kevents++;
    return;
  }
  Group fresh;
  fresh.members.push_back({single.queue, single.kevents, 0, {}});
  fresh.members.push_back({queue, 1, 0, {}});
  shared_.emplace(fd, std::move(fresh));
  single = {};
  groups_.fetch_add(1, std::memory_order_release);
}

void SharedDescriptors::leave(int fd, const Queue* queue, uint32_t index) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = shared_.find(fd);
  if (found == shared_.end()) {
    Single& single = singles_[static_cast<size_t>(fd)];
    if (--single.kevents == 0) single.queue = nullptr;
    return;
  }
  Member* member = found->second.find(queue);
  member->forget(index);
  member->kevents--;
  settle(found);
}

void SharedDescriptors::leave_all(const Queue* queue) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto found = shared_.begin(); found != shared_.end();) {
    Member* member = found->second.find(queue);
    if (member) {
      member->kevents = member->held = 0;
      found = settle(found);
    } else {
      ++found;
    }
  }
}

// Members that have nothing left go, to the benefit of those who wait; so does a group of one.
SharedDescriptors::Groups::iterator SharedDescriptors::settle(Groups::iterator found) {
  std::vector<Member>& members = found->second.members;
  for (size_t i = 0; i < members.size(); i++) {
    if (members[i].kevents > 0 || members[i].held) continue;
    const Queue* gone = members[i].queue;
    members.erase(members.begin() + static_cast<long>(i--));
    found->second.rearm_others(found->first, gone);
  }
  if (members.size() > 1 || (members.size() == 1 && members[0].kevents == 0)) return ++found;
  if (members.size() == 1) singles_[static_cast<size_t>(found->first)] = {members[0].queue, members[0].kevents};
  groups_.fetch_sub(1, std::memory_order_release);
  return shared_.erase(found);
}

SharedDescriptors::Taken SharedDescriptors::take(int fd, const Queue* queue, uint32_t events, const Rearm& rearm) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = shared_.find(fd);
  if (found == shared_.end()) return Taken::alone;
  for (const Member& member : found->second.members) {
    if (member.queue == queue || !(member.held & events)) continue;
    Member* self = found->second.find(queue);
    self->forget(rearm.index);
    self->put_off.push_back(rearm);
    return Taken::not_ours;
  }
  found->second.find(queue)->held |= events;
  return Taken::shared;
}

void SharedDescriptors::give_back(int fd, const Queue* queue, uint32_t events) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = shared_.find(fd);
  if (found == shared_.end()) return;
  Member* member = found->second.find(queue);
  if (!member || !(member->held & events)) return;
  member->held &= ~events;
  found->second.rearm_others(fd, queue);
  settle(found);
}

void SharedDescriptors::forget_put_off(int fd, const Queue* queue, uint32_t index) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = shared_.find(fd);
  if (found == shared_.end()) return;
  Member* member = found->second.find(queue);
  if (member) member->forget(index);
}

void SharedDescriptors::forget_put_off(const Queue* queue) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& entry : shared_) {
    Member* member = entry.second.find(queue);
    if (member) member->put_off.clear();
  }
}

}  // namespace kevent
