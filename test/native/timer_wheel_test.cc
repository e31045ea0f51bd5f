// The timing wheel against a sorted map, and the promises that are easiest to break.
#include "timer_wheel.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "check.h"

namespace {

constexpr uint64_t kTick = 1024;

struct Table {
  std::vector<kevent::WheelNode> nodes;
  explicit Table(size_t size) : nodes(size, kevent::WheelNode{0, 0, 0, kevent::kNotInWheel}) {}
  kevent::WheelNode& node(uint32_t index) { return nodes[index]; }
  void prefetch(uint32_t) {}
};

using Wheel = kevent::TimerWheel<Table>;

void insert(Wheel& wheel, Table& table, uint32_t index, uint64_t expires_ns) {
  table.nodes[index].expires_ns = expires_ns;
  wheel.insert(index);
}

std::vector<uint32_t> advance(Wheel& wheel, uint64_t now_ns) {
  std::vector<uint32_t> fired;
  wheel.advance(now_ns, UINT32_MAX, [&](uint32_t index) { fired.push_back(index); });
  return fired;
}

// Spans from a tick to a month, each order of magnitude as likely as the next.
uint64_t some_span(std::mt19937_64& random) { return random() >> (13 + random() % 50); }

// Inserts, cancels and advances at random; the map says what must have fired, and what may have.
void agree_with_a_map(uint64_t seed) {
  constexpr uint32_t kTimers = 2000;
  std::mt19937_64 random(seed);
  Table table(kTimers);
  auto wheel = std::make_unique<Wheel>(table);
  std::multimap<uint64_t, uint32_t> map;
  std::vector<uint32_t> idle;
  for (uint32_t i = 0; i < kTimers; i++) idle.push_back(i);
  uint64_t now = random() >> 20;
  advance(*wheel, now);

  for (int step = 0; step < 20000; step++) {
    uint64_t dice = random() % 100;
    if (dice < 60 && !idle.empty()) {
      uint32_t index = idle.back();
      idle.pop_back();
      uint64_t expires = now + some_span(random);
      insert(*wheel, table, index, expires);
      map.emplace(expires, index);
    } else if (dice < 80 && !map.empty()) {
      auto found = map.lower_bound(now + some_span(random));
      if (found == map.end()) found = map.begin();
      wheel->remove(found->second);
      CHECK_EQ(table.nodes[found->second].bucket, kevent::kNotInWheel);
      idle.push_back(found->second);
      map.erase(found);
    } else {
      uint64_t next = wheel->next_expiry_ns();
      // A lower bound of the first expiry, but for the rounding up and a timer that was late already.
      if (!map.empty()) CHECK(next <= std::max(map.begin()->first, now) + 2 * kTick);
      now = dice < 90 && next != UINT64_MAX && next > now ? next : now + some_span(random) / 4;
      uint64_t last_tick = 0;
      std::set<uint32_t> fired;
      for (uint32_t index : advance(*wheel, now)) {
        uint64_t expires = table.nodes[index].expires_ns;
        CHECK(expires <= now);
        uint64_t tick = (expires + kTick - 1) / kTick;
        CHECK(tick + 1 >= last_tick);  // one that was late at its insertion counts as the next tick
        last_tick = std::max(last_tick, tick);
        CHECK_EQ(table.nodes[index].bucket, kevent::kNotInWheel);
        CHECK(fired.insert(index).second);
      }
      for (auto entry = map.begin(); entry != map.end() && entry->first <= now;) {
        if (fired.erase(entry->second)) {
          idle.push_back(entry->second);
          entry = map.erase(entry);
        } else {
          CHECK(entry->first + 2 * kTick > now);  // at most two ticks late
          ++entry;
        }
      }
      CHECK(fired.empty());
    }
    CHECK_EQ(wheel->size(), map.size());
  }
}

TEST(the_wheel_fires_what_a_sorted_map_would) {
  for (uint64_t seed = 1; seed <= 5; seed++) agree_with_a_map(seed);
}

TEST(a_timer_never_fires_early_and_fires_within_a_tick) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; round++) {
    Table table(1);
    auto wheel = std::make_unique<Wheel>(table);
    uint64_t start = random() >> 15;
    advance(*wheel, start);
    uint64_t expires = start + kTick + some_span(random);
    insert(*wheel, table, 0, expires);
    CHECK(advance(*wheel, expires - 1).empty());
    CHECK_EQ(advance(*wheel, expires + kTick).size(), 1u);
  }
}

TEST(a_late_timer_fires_at_the_next_tick) {
  Table table(1);
  auto wheel = std::make_unique<Wheel>(table);
  uint64_t now = 1000000 * kTick;
  advance(*wheel, now);
  insert(*wheel, table, 0, 5);
  CHECK_EQ(wheel->size(), 1u);
  CHECK(wheel->next_expiry_ns() <= now + kTick);
  CHECK_EQ(advance(*wheel, now + kTick).size(), 1u);
}

TEST(timers_fire_in_the_order_of_their_ticks_whatever_level_they_were_on) {
  constexpr uint32_t kTimers = 5000;
  Table table(kTimers);
  auto wheel = std::make_unique<Wheel>(table);
  std::mt19937_64 random(3);
  for (uint32_t i = 0; i < kTimers; i++) insert(*wheel, table, i, kTick + some_span(random));
  std::vector<uint32_t> fired = advance(*wheel, UINT64_MAX / 4);
  CHECK_EQ(fired.size(), size_t{kTimers});
  for (size_t i = 1; i < fired.size(); i++) {
    uint64_t before = (table.nodes[fired[i - 1]].expires_ns + kTick - 1) / kTick;
    uint64_t after = (table.nodes[fired[i]].expires_ns + kTick - 1) / kTick;
    CHECK(before <= after);
  }
}

TEST(a_cancelled_timer_does_not_fire_and_its_neighbours_do) {
  Table table(3);
  auto wheel = std::make_unique<Wheel>(table);
  for (uint32_t removed = 0; removed < 3; removed++) {
    uint64_t expires = (removed + 1) * 1000000;
    for (uint32_t i = 0; i < 3; i++) insert(*wheel, table, i, expires);
    wheel->remove(removed);
    std::vector<uint32_t> fired = advance(*wheel, expires + kTick);
    CHECK_EQ(fired.size(), 2u);
    for (uint32_t index : fired) CHECK(index != removed);
  }
  CHECK_EQ(wheel->size(), 0u);
}

// As a queue advances that has room for few: what is left over is due, and comes next.
TEST(the_wheel_stops_after_so_many_and_goes_on_in_the_same_order) {
  constexpr uint32_t kTimers = 5000;
  constexpr uint64_t kEnd = UINT64_MAX / 4;
  constexpr uint32_t kMost = 10;
  Table table(kTimers);
  auto wheel = std::make_unique<Wheel>(table);
  std::mt19937_64 random(5);
  for (uint32_t i = 0; i < kTimers; i++) insert(*wheel, table, i, kTick + some_span(random));
  std::vector<uint32_t> fired;
  size_t before = 0;
  while (!wheel->advance(kEnd, kMost, [&](uint32_t index) { fired.push_back(index); })) {
    CHECK(fired.size() >= before + kMost);
    before = fired.size();
    CHECK(wheel->next_expiry_ns() < kEnd);
    CHECK_EQ(wheel->size() + fired.size(), size_t{kTimers});
  }
  CHECK_EQ(fired.size(), size_t{kTimers});
  for (size_t i = 1; i < fired.size(); i++) {
    uint64_t earlier = (table.nodes[fired[i - 1]].expires_ns + kTick - 1) / kTick;
    CHECK(earlier <= (table.nodes[fired[i]].expires_ns + kTick - 1) / kTick);
  }
}

TEST(an_empty_wheel_has_no_next_expiry) {
  Table table(1);
  auto wheel = std::make_unique<Wheel>(table);
  CHECK_EQ(wheel->next_expiry_ns(), UINT64_MAX);
  insert(*wheel, table, 0, 1u << 30);
  wheel->remove(0);
  CHECK_EQ(wheel->next_expiry_ns(), UINT64_MAX);
}

TEST(the_next_expiry_of_few_timers_is_exact) {
  Table table(2);
  auto wheel = std::make_unique<Wheel>(table);
  for (uint64_t ticks : {1u, 77u, 1000000u, 3515625000u}) {
    uint64_t expires = ticks * kTick;
    insert(*wheel, table, 0, expires);
    insert(*wheel, table, 1, expires + 10 * kTick);
    CHECK_EQ(wheel->next_expiry_ns(), expires);
    wheel->remove(0);
    wheel->remove(1);
  }
}

// Whoever sleeps until next_expiry_ns and then advances gets there, in few steps.
TEST(following_the_next_expiry_fires_a_crowd_in_time_and_in_few_steps) {
  constexpr uint32_t kTimers = 1000;
  Table table(kTimers);
  auto wheel = std::make_unique<Wheel>(table);
  uint64_t expires = 86400ull * 1000000000;
  for (uint32_t i = 0; i < kTimers; i++) insert(*wheel, table, i, expires + i);
  size_t fired = 0;
  uint64_t now = 0;
  int steps = 0;
  while (wheel->size() && steps++ < 100) {
    now = wheel->next_expiry_ns();
    fired += advance(*wheel, now).size();
  }
  CHECK_EQ(fired, size_t{kTimers});
  CHECK(now <= expires + kTimers + kTick);
  CHECK(steps < 16);
}

TEST(a_timer_of_136_years_waits_its_time) {
  Table table(1);
  auto wheel = std::make_unique<Wheel>(table);
  uint64_t start = 1000000000;
  advance(*wheel, start);
  uint64_t expires = start + 4294967295ull * 1000000000;
  insert(*wheel, table, 0, expires);
  CHECK(advance(*wheel, expires - 1).empty());
  CHECK_EQ(wheel->size(), 1u);
  CHECK_EQ(advance(*wheel, expires + kTick).size(), 1u);
}

}  // namespace
