// INODE: what happens to files, with names, in order.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "caller.h"
#include "test_queue.h"

namespace {

class Directory {
 public:
  Directory() { CHECK(mkdtemp(path_) != nullptr); }
  ~Directory() {
    if (DIR* entries = opendir(path_)) {
      while (dirent* entry = readdir(entries)) unlinkat(dirfd(entries), entry->d_name, 0);
      closedir(entries);
    }
    rmdir(path_);
  }
  const char* path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + ("/" + name); }
  void touch(const std::string& name) const {
    int fd = open((*this / name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
  }
  void drop(const std::string& name) const { CHECK_EQ(unlink((*this / name).c_str()), 0); }

 private:
  char path_[32] = "/tmp/kevent-inode-XXXXXX";
};

struct Record {
  uint32_t mask, cookie;
  int wd;
  std::string name;
};

std::vector<Record> records_of(TestQueue& queue, const ukevent& event) {
  int length = kevent_payload(queue.fd(), event.ret_data[1], nullptr, 0);
  CHECK(length >= 0);
  std::vector<uint64_t> bytes(static_cast<size_t>(length) / 8);
  CHECK_EQ(kevent_payload(queue.fd(), event.ret_data[1], bytes.data(), static_cast<uint32_t>(length)), length);
  std::vector<Record> records;
  const char* at = reinterpret_cast<const char*>(bytes.data());
  for (const char* end = at + length; at < end;) {
    const auto* record = reinterpret_cast<const kevent_inode_record*>(at);
    CHECK_EQ(record->next % 8, 0u);
    CHECK(sizeof *record + record->length <= record->next);
    records.push_back({record->mask, record->cookie, record->wd, std::string(record->name, record->length)});
    at += record->next;
  }
  return records;
}

constexpr uint32_t kEntries =
    KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE | KEVENT_INODE_MOVED_FROM | KEVENT_INODE_MOVED_TO;

ukevent inode_event(int wd, uint32_t mask = kEntries, uint32_t req_flags = 0, uint32_t user = 0) {
  return request(KEVENT_INODE, static_cast<uint64_t>(wd), mask, req_flags, user);
}

TEST(what_happens_in_a_directory_is_told_in_order_with_names_and_cookies) {
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  CHECK(wd >= 0);
  CHECK_EQ(queue.add(inode_event(wd)), 0);
  CHECK(queue.idle());
  directory.touch("one");
  CHECK_EQ(rename((directory / "one").c_str(), (directory / "two").c_str()), 0);
  directory.drop("two");
  ukevent event = queue.read_one();
  CHECK_EQ(event.ret_data[0], kEntries);
  std::vector<Record> records = records_of(queue, event);
  CHECK_EQ(records.size(), 4u);
  CHECK_EQ(records[0].mask, KEVENT_INODE_CREATE);
  CHECK_EQ(records[0].name, "one");
  CHECK_EQ(records[1].mask, KEVENT_INODE_MOVED_FROM);
  CHECK_EQ(records[2].mask, KEVENT_INODE_MOVED_TO);
  CHECK_EQ(records[2].name, "two");
  CHECK(records[1].cookie != 0);
  CHECK_EQ(records[1].cookie, records[2].cookie);
  CHECK_EQ(records[3].mask, KEVENT_INODE_REMOVE);
  CHECK_EQ(queue.commit_read(), 1);
  CHECK_EQ(kevent_payload(queue.fd(), event.ret_data[1], nullptr, 0), -ENOENT);
  CHECK(queue.idle());
}

TEST(what_happens_between_watch_and_ADD_is_kept_for_the_first_kevent) {
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  directory.touch("early");
  ukevent event;
  CHECK_EQ(queue.get(&event), 0);  // collected by some call, for nobody yet
  CHECK_EQ(queue.add(inode_event(wd)), 0);
  event = queue.next();
  CHECK_EQ(event.ret_data[0], KEVENT_INODE_CREATE);
  CHECK_EQ(queue.add(inode_event(wd, kEntries, 0, 1)), 0);
  CHECK(queue.idle());
}

TEST(what_happens_while_an_event_is_uncommitted_comes_as_one_event_after_the_commit) {
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  queue.add(inode_event(wd));
  directory.touch("a");
  queue.read_one();
  directory.touch("b");
  directory.drop("a");
  CHECK(queue.idle());
  CHECK_EQ(queue.commit_read(), 1);
  ukevent event = queue.read_one();
  std::vector<Record> records = records_of(queue, event);
  CHECK_EQ(records.size(), 2u);
  CHECK_EQ(records[0].name, "b");
  CHECK_EQ(records[1].name, "a");
}

TEST(ET_events_come_while_others_are_uncommitted) {
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  queue.add(inode_event(wd, kEntries, KEVENT_REQ_ET));
  for (const char* name : {"a", "b", "c"}) {
    directory.touch(name);
    ukevent event = queue.read_one();
    CHECK_EQ(records_of(queue, event).size(), 1u);
    CHECK_EQ(records_of(queue, event)[0].name, name);
  }
  CHECK_EQ(queue.commit_read(), 3);
}

TEST(several_kevents_on_one_inode_each_hear_what_they_asked_for) {
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), KEVENT_INODE_CREATE);
  CHECK_EQ(kevent_inode_watch(queue.fd(), directory.path(), KEVENT_INODE_REMOVE), wd);
  queue.add(inode_event(wd, KEVENT_INODE_CREATE, 0, 1));
  queue.add(inode_event(wd, KEVENT_INODE_REMOVE, 0, 2));
  queue.add(inode_event(wd, KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE, 0, 3));
  directory.touch("file");
  directory.drop("file");
  uint32_t masks[4] = {};
  for (const ukevent& event : queue.read()) masks[event.user[0]] = event.ret_data[0];
  CHECK_EQ(masks[1], KEVENT_INODE_CREATE);
  CHECK_EQ(masks[2], KEVENT_INODE_REMOVE);
  CHECK_EQ(masks[3], KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE);
}

TEST(B19_when_an_inode_dies_every_kevent_hears_of_it_and_none_is_left) {
  TestQueue queue(16);
  Directory directory;
  directory.touch("file");
  int wd = kevent_inode_watch(queue.fd(), (directory / "file").c_str(), KEVENT_INODE_DELETE_SELF);
  CHECK(wd >= 0);
  const uint32_t flags[] = {0, KEVENT_REQ_WAKEUP_ALL, KEVENT_REQ_ET, KEVENT_REQ_ONESHOT, 0};
  for (uint32_t user = 0; user < 5; user++) {
    uint32_t mask = user == 4 ? 0 : uint32_t{KEVENT_INODE_DELETE_SELF};  // one that asked for nothing
    CHECK_EQ(queue.add(inode_event(wd, mask, flags[user], user)), 0);
  }
  directory.drop("file");
  std::vector<ukevent> events = queue.read();
  CHECK_EQ(events.size(), 5u);
  for (const ukevent& event : events) {
    CHECK_EQ(event.ret_data[0] & KEVENT_INODE_IGNORED, KEVENT_INODE_IGNORED);
    CHECK_EQ(records_of(queue, event).back().mask, KEVENT_INODE_IGNORED);
  }
  CHECK_EQ(queue.stats().kevents, 0u);
  CHECK_EQ(queue.commit_read(), 5);
  CHECK(queue.idle());
  CHECK_EQ(queue.add(inode_event(wd)), -EINVAL);
}

TEST(a_watch_goes_with_its_last_kevent_or_by_unwatch) {
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  queue.add(inode_event(wd, kEntries, 0, 1));
  queue.add(inode_event(wd, kEntries, 0, 2));
  CHECK_EQ(kevent_inode_unwatch(queue.fd(), wd), -EBUSY);
  CHECK_EQ(queue.remove(inode_event(wd, kEntries, 0, 1)), 0);
  directory.touch("file");
  CHECK_EQ(queue.next().user[0], 2u);
  CHECK_EQ(queue.remove(inode_event(wd, kEntries, 0, 2)), 0);
  CHECK_EQ(kevent_inode_unwatch(queue.fd(), wd), -EINVAL);
  CHECK_EQ(queue.add(inode_event(wd)), -EINVAL);
  wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  CHECK_EQ(kevent_inode_unwatch(queue.fd(), wd), 0);
  directory.drop("file");
  CHECK(queue.idle());
}

TEST(a_directory_that_is_watched_again_after_its_kevent_went_is_watched_afresh) {
  TestQueue queue;
  Directory directory;
  int old = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  queue.add(inode_event(old));
  directory.touch("before");
  CHECK_EQ(queue.remove(inode_event(old)), 0);
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  queue.add(inode_event(wd));
  directory.touch("after");
  ukevent event = queue.read_one();
  CHECK_EQ(records_of(queue, event).size(), 1u);
  CHECK_EQ(records_of(queue, event)[0].name, "after");
  CHECK_EQ(queue.stats().kevents, 1u);
}

TEST(bad_paths_masks_and_descriptors_are_answered) {
  TestQueue queue;
  Directory directory;
  CHECK_EQ(queue.add(inode_event(1)), -EINVAL);
  CHECK_EQ(kevent_inode_unwatch(queue.fd(), 1), -EINVAL);
  CHECK_EQ(kevent_inode_watch(queue.fd(), nullptr, kEntries), -EFAULT);
  CHECK_EQ(kevent_inode_watch(queue.fd(), (directory / "missing").c_str(), kEntries), -ENOENT);
  CHECK_EQ(kevent_inode_watch(queue.fd(), directory.path(), 0), -EINVAL);
  directory.touch("file");
  CHECK_EQ(kevent_inode_watch(queue.fd(), (directory / "file").c_str(), kEntries | KEVENT_INODE_ONLYDIR), -ENOTDIR);
  CHECK_EQ(queue.add(request(KEVENT_INODE, UINT64_MAX, kEntries)), -EINVAL);
}

TEST(a_change_wakes_a_sleeping_thread) {
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  queue.add(inode_event(wd));
  Caller caller([&] { return queue.wait(1, &kPatience); });
  caller.until_asleep();
  directory.touch("file");
  CHECK_EQ(caller.result(), 1);
}

TEST(records_of_a_thousand_changes_come_whole) {
  constexpr int kFiles = 1000;  // several reads of the kernel's queue
  TestQueue queue;
  Directory directory;
  int wd = kevent_inode_watch(queue.fd(), directory.path(), KEVENT_INODE_CREATE);
  queue.add(inode_event(wd, KEVENT_INODE_CREATE));
  auto name = [](int number) { return std::string(100, 'n') + std::to_string(number); };
  for (int i = 0; i < kFiles; i++) directory.touch(name(i));
  int seen = 0;
  while (seen < kFiles) {
    ukevent event = queue.read_one();
    for (const Record& record : records_of(queue, event)) {
      CHECK_EQ(record.mask, KEVENT_INODE_CREATE);
      CHECK_EQ(record.name, name(seen));
      seen++;
    }
    CHECK_EQ(queue.commit_read(), 1);
  }
  CHECK(queue.idle());
}

class Group {
 public:
  explicit Group(TestQueue& queue, uint32_t mask = kEntries) : queue_(queue), number_(kevent_inode_group(queue.fd())) {
    CHECK(number_ > 0);
    CHECK_EQ(queue.add(key(mask)), 0);
  }
  ukevent key(uint32_t mask = kEntries, uint32_t req_flags = 0) const {
    return request(KEVENT_INODE, KEVENT_INODE_GROUP | static_cast<uint64_t>(number_), mask, req_flags, 0);
  }
  int number() const { return number_; }
  int watch(const Directory& directory) const {
    return kevent_inode_group_watch(queue_.fd(), number_, directory.path(), kEntries);
  }
  int unwatch(int wd) const { return kevent_inode_group_unwatch(queue_.fd(), number_, wd); }
  int backlog() const { return kevent_inode_group_backlog(queue_.fd(), number_); }

 private:
  TestQueue& queue_;
  int number_;
};

TEST(a_group_tells_of_all_its_watches_in_the_order_in_which_things_happened) {
  TestQueue queue;
  Directory a, b;
  Group group(queue);
  int in_a = group.watch(a), in_b = group.watch(b);
  CHECK(in_a > 0 && in_b > 0 && in_a != in_b);
  CHECK_EQ(group.watch(a), in_a);
  a.touch("x");
  CHECK_EQ(rename((a / "x").c_str(), (b / "x").c_str()), 0);
  b.drop("x");
  a.touch("y");
  ukevent event = queue.read_one();
  std::vector<Record> records = records_of(queue, event);
  CHECK_EQ(records.size(), 5u);
  int wds[] = {in_a, in_a, in_b, in_b, in_a};
  for (size_t i = 0; i < 5; i++) CHECK_EQ(records[i].wd, wds[i]);
  CHECK_EQ(records[1].cookie, records[2].cookie);
  a.drop("y");
  CHECK_EQ(queue.commit_read(), 1);
}

TEST(a_group_outlives_its_watches_and_takes_them_along_when_it_goes) {
  TestQueue queue;
  Directory a;
  Group group(queue);
  int wd;
  {
    Directory b;
    wd = group.watch(b);
  }
  ukevent event = queue.read_one();
  CHECK_EQ(event.ret_data[0] & KEVENT_INODE_IGNORED, 0u);
  CHECK_EQ(records_of(queue, event).back().mask, KEVENT_INODE_IGNORED);
  CHECK_EQ(queue.commit_read(), 1);
  CHECK_EQ(group.unwatch(wd), -EINVAL);
  wd = group.watch(a);
  CHECK_EQ(group.unwatch(wd), 0);
  a.touch("unheard");
  CHECK(queue.idle());
  wd = group.watch(a);
  CHECK_EQ(queue.remove(group.key()), 0);
  CHECK_EQ(group.watch(a), -EINVAL);
  CHECK_EQ(group.backlog(), -EINVAL);
  CHECK_EQ(kevent_inode_unwatch(queue.fd(), wd), -EINVAL);
  a.drop("unheard");
}

TEST(an_inode_is_shared_by_groups_and_kevents_and_goes_with_the_last) {
  TestQueue queue;
  Directory directory;
  Group one(queue), two(queue);
  int wd = kevent_inode_watch(queue.fd(), directory.path(), kEntries);
  CHECK_EQ(one.watch(directory), wd);
  directory.touch("early");
  CHECK_EQ(queue.read().size(), 1u);
  CHECK_EQ(queue.commit_read(), 1);
  CHECK_EQ(two.watch(directory), wd);
  CHECK_EQ(queue.add(inode_event(wd)), 0);  // and hears of what came before it
  CHECK_EQ(queue.read().size(), 1u);
  CHECK_EQ(queue.commit_read(), 1);
  directory.drop("early");
  CHECK_EQ(queue.read().size(), 3u);
  CHECK_EQ(queue.commit_read(), 3);
  CHECK_EQ(queue.remove(inode_event(wd)), 0);
  CHECK_EQ(queue.remove(one.key()), 0);
  directory.touch("late");
  CHECK_EQ(records_of(queue, queue.read_one())[0].name, "late");
  CHECK_EQ(queue.commit_read(), 1);
  directory.drop("late");
}

TEST(a_muted_group_is_bounded_says_what_it_dropped_and_keeps_no_other_waiting) {
  TestQueue queue;
  Directory directory;
  Group slow(queue), quick(queue);
  slow.watch(directory);
  quick.watch(directory);
  queue.modify(slow.key(kEntries, KEVENT_REQ_MUTED));
  // One read takes 64 KiB from the kernel: so the other one goes on hearing.
  size_t heard = 0;
  std::string name(200, 'n');
  for (int i = 0; i < 3000; i++) {
    directory.touch(name);
    directory.drop(name);
    for (const ukevent& event : queue.read()) heard += records_of(queue, event).size();
    queue.commit_read();
  }
  CHECK_EQ(heard, 6000u);
  CHECK(slow.backlog() >= static_cast<int>(KEVENT_MAX_GROUP_RECORDS));
  CHECK_EQ(quick.backlog(), 0);
  queue.modify(slow.key());
  ukevent event = queue.read_one();
  std::vector<Record> records = records_of(queue, event);
  CHECK(records.size() * 224 <= KEVENT_MAX_GROUP_RECORDS + 2 * 224);
  CHECK_EQ(records.back().mask, KEVENT_INODE_Q_OVERFLOW);
  CHECK_EQ(records.back().wd, -1);
  CHECK_EQ(slow.backlog(), 1);
  CHECK_EQ(queue.commit_read(), 1);
  directory.touch("after");
  for (const ukevent& after : queue.read()) CHECK_EQ(records_of(queue, after).back().name, "after");
  CHECK_EQ(queue.commit_read(), 2);
  CHECK_EQ(slow.backlog(), 0);
}

TEST(records_wait_for_those_behind_them_unless_somebody_is_in_a_hurry) {
  TestQueue queue;
  Directory directory;
  Group group(queue);
  group.watch(directory);
  CHECK_EQ(kevent_inode_gather(queue.fd(), 1000001), -EINVAL);
  CHECK_EQ(kevent_inode_gather(queue.fd(), 20000), 0);
  directory.touch("first");
  CHECK(queue.idle());
  directory.touch("second");
  CHECK_EQ(records_of(queue, queue.read_one()).size(), 2u);
  CHECK_EQ(queue.commit_read(), 1);

  CHECK_EQ(kevent_inode_gather(queue.fd(), 1000000), 0);
  directory.drop("first");
  CHECK(queue.idle());
  CHECK_EQ(kevent_inode_hurry(queue.fd()), 0);
  CHECK_EQ(queue.read().size(), 1u);
  CHECK_EQ(queue.commit_read(), 1);
  CHECK_EQ(kevent_inode_hurry(queue.fd()), 0);
  directory.drop("second");
  CHECK_EQ(queue.read().size(), 1u);
  CHECK_EQ(queue.commit_read(), 1);

  CHECK_EQ(kevent_inode_gather(queue.fd(), 0), 0);
  directory.touch("third");
  CHECK_EQ(queue.read().size(), 1u);
  CHECK_EQ(queue.commit_read(), 1);
}

TEST(bad_groups_are_answered) {
  TestQueue queue;
  Directory directory;
  CHECK_EQ(kevent_inode_group_watch(queue.fd(), 1, directory.path(), kEntries), -EINVAL);
  for (uint64_t id : {KEVENT_INODE_GROUP, KEVENT_INODE_GROUP | 1, KEVENT_INODE_GROUP << 1, ~0ull}) {
    CHECK_EQ(queue.add(request(KEVENT_INODE, id, kEntries, 0, 0)), -EINVAL);
  }
  Group group(queue);
  ukevent second = group.key();
  second.user[0] = 1;
  CHECK_EQ(queue.add(second), -EBUSY);
  CHECK_EQ(kevent_inode_group_watch(queue.fd(), group.number(), nullptr, kEntries), -EFAULT);
  CHECK_EQ(kevent_inode_group_watch(queue.fd(), group.number(), "/nowhere/at/all", kEntries), -ENOENT);
  CHECK_EQ(group.unwatch(1), -EINVAL);
}

}  // namespace
