// The smallest test frame that does: TEST registers a function, CHECK ends the program's test with what was seen.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <type_traits>

namespace check {

struct Test {
  const char* name;
  void (*run)();
  Test* next;
};

// Puts a test at the end of the list that main() runs.
int add(Test* test);
[[noreturn]] void fail(const char* file, int line);

template <class T>
void show(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    std::cerr << static_cast<long long>(value);
  } else {
    std::cerr << value;
  }
}

template <class A, class B>
void equal(const char* text, const A& left, const B& right, const char* file, int line) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
  if (left == right) return;
#pragma GCC diagnostic pop
  std::cerr << text << ": ";
  show(left);
  std::cerr << " is not ";
  show(right);
  std::cerr << '\n';
  fail(file, line);
}

}  // namespace check

#define TEST(name)                                             \
  static void test_##name();                                   \
  static check::Test record_##name{#name, test_##name, nullptr}; \
  static const int added_##name = check::add(&record_##name);  \
  static void test_##name()

#define CHECK(condition)                       \
  do {                                         \
    if (!(condition)) {                        \
      std::cerr << #condition << " is false\n"; \
      check::fail(__FILE__, __LINE__);         \
    }                                          \
  } while (0)

#define CHECK_EQ(left, right) check::equal(#left " == " #right, (left), (right), __FILE__, __LINE__)
