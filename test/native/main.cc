// Runs the tests of this program, or those whose names contain an argument. Each runs in a child
// process of its own: a crash, a hang or a leaked descriptor is one test's failure.
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "check.h"

namespace {

constexpr unsigned kSecondsPerTest = 60;

check::Test* first = nullptr;
check::Test* last = nullptr;

int open_descriptors() {
  DIR* directory = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(directory)) count++;
  closedir(directory);
  return count;
}

bool selected(const char* name, int argc, char** argv) {
  if (argc < 2) return true;
  for (int i = 1; i < argc; i++) {
    if (strstr(name, argv[i])) return true;
  }
  return false;
}

// Two runs in one process: what stays open for good (the signal hub's eventfd) is open after the first.
[[noreturn]] void run(const check::Test& test) {
  alarm(kSecondsPerTest);
  test.run();
  int before = open_descriptors();
  if (!getenv("CHECK_ONCE")) test.run();
  int after = open_descriptors();
  if (after > before) {
    std::cerr << after - before << " descriptors are left open\n";
    exit(1);
  }
  exit(0);  // not _exit: this is where the leak checker looks
}

}  // namespace

int check::add(Test* test) {
  (last ? last->next : first) = test;
  last = test;
  return 0;
}

void check::fail(const char* file, int line) {
  std::cerr << "  at " << file << ':' << line << std::endl;
  _exit(1);
}

int main(int argc, char** argv) {
  int passed = 0;
  int failed = 0;
  for (const check::Test* test = first; test; test = test->next) {
    if (!selected(test->name, argc, argv)) continue;
    std::cout.flush();
    pid_t child = fork();
    if (child == 0) run(*test);
    int status = 0;
    waitpid(child, &status, 0);
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    std::cout << (ok ? "ok     " : "FAILED ") << test->name;
    if (WIFSIGNALED(status)) std::cout << " (" << strsignal(WTERMSIG(status)) << ')';
    std::cout << std::endl;
    ok ? passed++ : failed++;
  }
  std::cout << passed << " passed, " << failed << " failed" << std::endl;
  return failed || !passed;
}
