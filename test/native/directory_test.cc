// kevent_directory_read: names and kinds, whole or not at all.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "check.h"
#include "kevent.h"

namespace {

std::set<std::string> entries_of(const std::string& path) {
  int length = kevent_directory_read(path.c_str(), nullptr, 0);
  CHECK(length >= 0);
  std::vector<char> bytes(static_cast<size_t>(length) + 1, 'x');
  CHECK_EQ(kevent_directory_read(path.c_str(), bytes.data(), static_cast<uint32_t>(length)), length);
  CHECK_EQ(bytes.back(), 'x');
  std::set<std::string> entries;
  for (size_t at = 0; at < static_cast<size_t>(length);) {
    std::string entry(bytes.data() + at);
    at += entry.size() + 1;
    CHECK(entries.insert(entry).second);
  }
  return entries;
}

TEST(a_directory_is_read_with_the_kinds_of_its_entries) {
  char root[] = "/tmp/kevent-directory-XXXXXX";
  CHECK(mkdtemp(root) != nullptr);
  std::string path = root;
  CHECK(entries_of(path).empty());
  CHECK_EQ(mkdir((path + "/sub").c_str(), 0700), 0);
  CHECK_EQ(symlink("sub", (path + "/link").c_str()), 0);
  CHECK_EQ(mkfifo((path + "/\xff\xfe").c_str(), 0600), 0);
  std::string longest(255, 'n');
  for (const std::string& name : {std::string("..."), longest}) {
    int fd = open((path + "/" + name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
  }
  CHECK(entries_of(path) == (std::set<std::string>{"dsub", "-link", "-\xff\xfe", "-...", "-" + longest}));
  CHECK_EQ(kevent_directory_read((path + "/link").c_str(), nullptr, 0), -ENOTDIR);
  CHECK_EQ(kevent_directory_read((path + "/link/").c_str(), nullptr, 0), 0);
  CHECK_EQ(kevent_directory_read((path + "/...").c_str(), nullptr, 0), -ENOTDIR);
  CHECK_EQ(kevent_directory_read((path + "/\xff\xfe").c_str(), nullptr, 0), -ENOTDIR);
  CHECK_EQ(kevent_directory_read((path + "/none").c_str(), nullptr, 0), -ENOENT);
  CHECK_EQ(kevent_directory_read(nullptr, nullptr, 0), -EFAULT);
  CHECK_EQ(kevent_directory_read(root, nullptr, 1), -EFAULT);
  CHECK_EQ(rmdir((path + "/sub").c_str()), 0);
  for (const char* name : {"/link", "/\xff\xfe", "/..."}) CHECK_EQ(unlink((path + name).c_str()), 0);
  CHECK_EQ(unlink((path + "/" + longest).c_str()), 0);
  CHECK_EQ(rmdir(root), 0);
}

}  // namespace
