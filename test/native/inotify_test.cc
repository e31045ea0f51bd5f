// The inotify poller: every name the seed has for a bit, records in order, overflow told.
#include "pollers/inotify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "check.h"
#include "kevent.h"

namespace {

using kevent::Inotify;

struct Directory {
  char path[32] = "/tmp/kevent-inotify-XXXXXX";
  Directory() { CHECK(mkdtemp(path) != nullptr); }
  ~Directory() {
    std::string command = std::string("rm -rf ") + path;
    CHECK_EQ(system(command.c_str()), 0);
  }
  std::string operator/(const std::string& name) const { return std::string(path) + "/" + name; }
};

struct Record {
  int wd;
  uint32_t mask, cookie;
  std::string name;
};

void touch(const std::string& path) { close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); }

std::vector<Record> read_all(Inotify& inotify) {
  std::vector<Record> records;
  auto sink = [](void* context, int wd, uint32_t mask, uint32_t cookie, const char* name, uint32_t length) {
    static_cast<std::vector<Record>*>(context)->push_back({wd, mask, cookie, std::string(name, length)});
  };
  while (inotify.read(sink, &records) > 0) continue;
  return records;
}

constexpr uint32_t kEntries =
    KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE | KEVENT_INODE_MOVED_FROM | KEVENT_INODE_MOVED_TO;

TEST(every_bit_goes_to_the_kernel_and_comes_back) {
  struct {
    uint32_t ours, kernels;
  } bits[] = {
      {KEVENT_INODE_CREATE, IN_CREATE},           {KEVENT_INODE_REMOVE, IN_DELETE},
      {KEVENT_INODE_ATTRIB, IN_ATTRIB},           {KEVENT_INODE_CLOSE_WRITE, IN_CLOSE_WRITE},
      {KEVENT_INODE_CLOSE_NOWRITE, IN_CLOSE_NOWRITE}, {KEVENT_INODE_OPEN, IN_OPEN},
      {KEVENT_INODE_MOVED_FROM, IN_MOVED_FROM},   {KEVENT_INODE_MOVED_TO, IN_MOVED_TO},
      {KEVENT_INODE_DELETE_SELF, IN_DELETE_SELF}, {KEVENT_INODE_MOVE_SELF, IN_MOVE_SELF},
      {KEVENT_INODE_UNMOUNT, IN_UNMOUNT},         {KEVENT_INODE_Q_OVERFLOW, IN_Q_OVERFLOW},
      {KEVENT_INODE_IGNORED, IN_IGNORED},         {KEVENT_INODE_ACCESS, IN_ACCESS},
      {KEVENT_INODE_MODIFY, IN_MODIFY},           {KEVENT_INODE_ISDIR, IN_ISDIR},
  };
  for (const auto& bit : bits) {
    CHECK_EQ(kevent::to_inotify(bit.ours), bit.kernels);
    CHECK_EQ(kevent::from_inotify(bit.kernels), bit.ours);
  }
  CHECK_EQ(kevent::to_inotify(KEVENT_INODE_ONLYDIR), uint32_t{IN_ONLYDIR});
  CHECK_EQ(kevent::to_inotify(KEVENT_INODE_DONT_FOLLOW), uint32_t{IN_DONT_FOLLOW});
  CHECK_EQ(kevent::to_inotify(KEVENT_INODE_EXCL_UNLINK), uint32_t{IN_EXCL_UNLINK});
}

TEST(records_come_in_order_with_names_and_cookies) {
  Directory directory;
  Inotify inotify;
  CHECK_EQ(inotify.open(), 0);
  int wd = inotify.watch(directory.path, kEntries);
  CHECK(wd > 0);
  CHECK(read_all(inotify).empty());
  touch(directory / "one");
  CHECK_EQ(mkdir((directory / "two").c_str(), 0700), 0);
  CHECK_EQ(rename((directory / "one").c_str(), (directory / "three").c_str()), 0);
  CHECK_EQ(unlink((directory / "three").c_str()), 0);

  std::vector<Record> records = read_all(inotify);
  CHECK_EQ(records.size(), 5u);
  if (records.size() != 5) return;
  const struct {
    uint32_t mask;
    const char* name;
  } expected[] = {
      {KEVENT_INODE_CREATE, "one"},     {KEVENT_INODE_CREATE | KEVENT_INODE_ISDIR, "two"},
      {KEVENT_INODE_MOVED_FROM, "one"}, {KEVENT_INODE_MOVED_TO, "three"},
      {KEVENT_INODE_REMOVE, "three"},
  };
  for (size_t i = 0; i < 5; i++) {
    CHECK_EQ(records[i].wd, wd);
    CHECK_EQ(records[i].mask, expected[i].mask);
    CHECK(records[i].name == expected[i].name);
  }
  CHECK(records[2].cookie != 0);
  CHECK_EQ(records[2].cookie, records[3].cookie);
  CHECK_EQ(records[0].cookie, 0u);
}

TEST(names_that_are_not_utf8_and_names_of_255_bytes_come_whole) {
  Directory directory;
  Inotify inotify;
  inotify.open();
  inotify.watch(directory.path, KEVENT_INODE_CREATE);
  std::string names[] = {"\xff\xfe", std::string(255, 'n'), "x"};
  for (const std::string& name : names) touch(directory / name);
  std::vector<Record> records = read_all(inotify);
  CHECK_EQ(records.size(), 3u);
  for (size_t i = 0; i < records.size(); i++) CHECK(records[i].name == names[i]);
}

TEST(watching_the_same_inode_again_adds_to_its_mask) {
  Directory directory;
  Inotify inotify;
  inotify.open();
  int first = inotify.watch(directory.path, KEVENT_INODE_CREATE);
  CHECK_EQ(inotify.watch(directory.path, KEVENT_INODE_REMOVE), first);
  touch(directory / "file");
  unlink((directory / "file").c_str());
  CHECK_EQ(read_all(inotify).size(), 2u);
}

TEST(a_watch_that_is_taken_away_or_whose_inode_dies_says_so_last) {
  Directory directory;
  Inotify inotify;
  inotify.open();
  touch(directory / "file");
  int file = inotify.watch((directory / "file").c_str(), KEVENT_INODE_DELETE_SELF);
  int whole = inotify.watch(directory.path, KEVENT_INODE_CREATE);
  unlink((directory / "file").c_str());
  CHECK_EQ(inotify.unwatch(whole), 0);
  std::vector<Record> records = read_all(inotify);
  CHECK_EQ(records.size(), 3u);
  if (records.size() != 3) return;
  CHECK_EQ(records[0].mask, uint32_t{KEVENT_INODE_DELETE_SELF});
  CHECK_EQ(records[1].mask, uint32_t{KEVENT_INODE_IGNORED});
  CHECK_EQ(records[1].wd, file);
  CHECK_EQ(records[2].mask, uint32_t{KEVENT_INODE_IGNORED});
  CHECK_EQ(records[2].wd, whole);
  CHECK(records[2].name.empty());
  CHECK_EQ(inotify.unwatch(whole), -EINVAL);
  CHECK_EQ(inotify.unwatch(file), -EINVAL);
}

TEST(an_overflow_of_the_kernels_queue_is_told) {
  int most = 0;
  FILE* limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
  CHECK(limit && fscanf(limit, "%d", &most) == 1);
  if (limit) fclose(limit);
  if (most > 200000) return;  // it would take too long to get there
  Directory directory;
  Inotify inotify;
  inotify.open();
  inotify.watch(directory.path, KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE);
  for (int i = 0; i <= most / 2; i++) {
    touch(directory / "file");
    unlink((directory / "file").c_str());
  }
  std::vector<Record> records = read_all(inotify);
  CHECK_EQ(records.size(), static_cast<size_t>(most) + 1);
  CHECK_EQ(records.back().wd, -1);
  CHECK_EQ(records.back().mask, uint32_t{KEVENT_INODE_Q_OVERFLOW});
  touch(directory / "after");
  CHECK_EQ(read_all(inotify).size(), 1u);
}

TEST(bad_paths_and_masks_are_answered) {
  Directory directory;
  Inotify inotify;
  CHECK_EQ(inotify.fd(), -1);
  CHECK_EQ(inotify.unwatch(1), -EBADF);
  CHECK_EQ(inotify.open(), 0);
  CHECK(inotify.fd() >= 0);
  CHECK_EQ(inotify.watch(nullptr, KEVENT_INODE_CREATE), -EFAULT);
  CHECK_EQ(inotify.watch("", KEVENT_INODE_CREATE), -ENOENT);
  CHECK_EQ(inotify.watch((directory / "missing").c_str(), KEVENT_INODE_CREATE), -ENOENT);
  CHECK_EQ(inotify.watch(std::string(5000, 'p').c_str(), KEVENT_INODE_CREATE), -ENAMETOOLONG);
  CHECK_EQ(inotify.watch(directory.path, 0), -EINVAL);
  CHECK_EQ(inotify.watch(directory.path, KEVENT_INODE_ONLYDIR), -EINVAL);
  CHECK_EQ(inotify.watch(directory.path, KEVENT_INODE_CREATE | 0x100), -EINVAL);
  CHECK_EQ(inotify.watch(directory.path, KEVENT_INODE_CREATE | 0x80000000u), -EINVAL);
  touch(directory / "file");
  CHECK_EQ(inotify.watch((directory / "file").c_str(), KEVENT_INODE_MODIFY | KEVENT_INODE_ONLYDIR), -ENOTDIR);
}

TEST(a_link_is_watched_itself_only_if_asked) {
  Directory directory;
  Inotify inotify;
  inotify.open();
  touch(directory / "file");
  CHECK_EQ(symlink("file", (directory / "link").c_str()), 0);
  int file = inotify.watch((directory / "file").c_str(), KEVENT_INODE_ATTRIB);
  CHECK_EQ(inotify.watch((directory / "link").c_str(), KEVENT_INODE_ATTRIB), file);
  CHECK(inotify.watch((directory / "link").c_str(), KEVENT_INODE_ATTRIB | KEVENT_INODE_DONT_FOLLOW) != file);
}

}  // namespace
