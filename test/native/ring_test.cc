// The ring against a model that knows of each slot who may still claim it and who reads it, and nothing else:
// whatever way the ring remembers that must not show.
#include "ring.h"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "check.h"

namespace {

using kevent::Ring;
using kevent::SlotOwner;

SlotOwner owner_of(uint32_t index, bool special) { return {index, 0, -1, 0, 0, false, special, false}; }

class Model {
 public:
  struct Slot {
    bool any = false;
    std::set<int> audience, readers;
    bool seen = false, done = false, special = false;
    bool claimable_by(int consumer) const { return any || audience.count(consumer) > 0; }
  };

  explicit Model(uint32_t size) : size_(size) {}

  std::vector<Slot> slots;  // by position, since the ring was made
  std::set<int> consumers;
  uint64_t tail = 0;
  std::vector<uint32_t> told;  // special slots that are done

  uint64_t head() const { return slots.size(); }
  bool full() const { return head() - tail == size_; }

  void fill(bool special, bool broadcast) {
    Slot slot;
    slot.any = !broadcast || consumers.empty();
    if (!slot.any) slot.audience = consumers;
    slot.special = special;
    slots.push_back(slot);
  }

  uint32_t claim(int consumer, uint32_t max, uint64_t* position) {
    uint64_t p = tail;
    while (p < head() && !slots[p].claimable_by(consumer)) p++;
    *position = p;
    uint32_t count = 0;
    for (; count < max && p < head() && slots[p].claimable_by(consumer); p++, count++) {
      if (count > 0 && p % size_ == 0) break;
      slots[p].any = false;
      slots[p].audience.erase(consumer);
      slots[p].readers.insert(consumer);
    }
    return count;
  }

  int finish(int consumer, uint64_t position, uint32_t count) {
    for (uint64_t p = std::max(position, tail); p < position + count; p++) {
      if (slots[p].readers.erase(consumer) == 0) continue;
      slots[p].seen = true;
      settle(p);
    }
    return advance();
  }

  int commit(uint64_t position) {
    for (uint64_t p = tail; p < position; p++) {
      slots[p].any = false;
      slots[p].audience.clear();
      slots[p].readers.clear();
      settle(p);
    }
    return advance();
  }

  void close(int consumer) {
    consumers.erase(consumer);
    for (uint64_t p = tail; p < head(); p++) {
      Slot& slot = slots[p];
      if (slot.audience.erase(consumer) + slot.readers.erase(consumer) == 0) continue;
      if (slot.audience.empty() && slot.readers.empty() && !slot.seen) slot.any = true;
      settle(p);
    }
    advance();
  }

 private:
  void settle(uint64_t p) {
    Slot& slot = slots[p];
    if (slot.done || slot.any || !slot.audience.empty() || !slot.readers.empty()) return;
    slot.done = true;
    if (slot.special) told.push_back(static_cast<uint32_t>(p));
  }
  int advance() {
    uint64_t before = tail;
    while (tail < head() && slots[tail].done) tail++;
    return static_cast<int>(tail - before);
  }

  uint32_t size_;
};

struct Run {
  int consumer;
  uint64_t position;
  uint32_t count;
};

// Few consumers, and mostly one: then the ring need not look at the slots one by one.
void agree_with_the_model(uint32_t size, int most_consumers, uint64_t seed) {
  std::mt19937_64 random(seed);
  auto below = [&](uint64_t limit) { return static_cast<uint32_t>(random() % limit); };
  std::vector<uint64_t> memory(1 + 5 * size);
  Ring ring;
  CHECK_EQ(ring.open(reinterpret_cast<kevent_ring*>(memory.data()), size), 0);
  Model model(size);
  std::vector<Run> runs;
  std::vector<uint32_t> told;
  auto done = [&](const SlotOwner& owner) {
    CHECK(owner.special);
    told.push_back(owner.index);
  };
  for (int step = 0; step < 20000; step++) {
    uint32_t dice = below(100);
    if (dice < 30) {
      uint32_t count = below(size + 1);
      bool special = below(4) == 0, broadcast = below(12) == 0;
      for (; count > 0 && !model.full(); count--) {
        ring.fill({}, owner_of(static_cast<uint32_t>(model.head()), special), broadcast);
        model.fill(special, broadcast);
      }
    } else if (dice < 55 && !model.consumers.empty()) {
      int consumer = *std::next(model.consumers.begin(), below(model.consumers.size()));
      uint32_t max = below(3) == 0 ? 1 + below(size) : size;
      uint64_t position = 0, expected = 0;
      uint32_t count = ring.claim(consumer, max, &position);
      CHECK_EQ(count, model.claim(consumer, max, &expected));
      if (count > 0) {
        CHECK_EQ(position, expected);
        runs.push_back({consumer, position, count});
      }
    } else if (dice < 80 && !runs.empty()) {
      // Mostly the oldest run from its beginning; a run is kept, so what was finished is finished again at times.
      size_t which = below(3) == 0 ? below(runs.size()) : 0;
      Run& run = runs[which];
      Run part = run;
      if (below(4) == 0) part.position += below(run.count);
      part.count = static_cast<uint32_t>(run.position + run.count - part.position);
      if (below(3) == 0) part.count = below(part.count + 1);
      if (ring.has_consumer(part.consumer)) {
        int freed = ring.finish(part.consumer, part.position, part.count, done);
        CHECK_EQ(freed, model.finish(part.consumer, part.position, part.count));
      }
      if (below(2) == 0) runs.erase(runs.begin() + static_cast<ptrdiff_t>(which));
    } else if (dice < 83) {
      uint64_t position = model.tail + below(model.head() - model.tail + 1);
      CHECK_EQ(static_cast<int>(ring.commit(position, done)), model.commit(position));
    } else if (dice < 88) {
      if (static_cast<int>(model.consumers.size()) < most_consumers) model.consumers.insert(ring.open_consumer());
    } else if (dice < 91 && !model.consumers.empty()) {
      int consumer = *std::next(model.consumers.begin(), below(model.consumers.size()));
      ring.close_consumer(consumer, done);
      model.close(consumer);
    } else if (model.head() > 0) {
      uint64_t position = model.head() - 1 - below(std::min<uint64_t>(model.head(), 2 * size));
      bool holds = position >= model.tail && !model.slots[position].done;
      CHECK_EQ(ring.holds(position), holds);
      if (holds) {
        ring.mark(position);
        model.slots[position].special = true;
      }
    }
    CHECK_EQ(ring.tail(), model.tail);
    CHECK_EQ(ring.head(), model.head());
    CHECK(told == model.told);
    CHECK_EQ(reinterpret_cast<kevent_ring*>(memory.data())->ring_over, model.tail / size);
  }
}

TEST(a_ring_agrees_with_a_model_of_its_slots) {
  for (uint64_t seed = 1; seed <= 10; seed++) {
    for (uint32_t size : {2u, 3u, 8u, 33u}) {
      for (int consumers : {1, 2, 4}) agree_with_the_model(size, consumers, seed * size);
    }
  }
}

// What done() does may make another slot of the same run special: one before it is done already, one behind
// it is told in its turn.
TEST(a_slot_that_becomes_special_while_its_run_is_finished_is_not_missed) {
  constexpr uint32_t kSize = 8;
  std::vector<uint64_t> memory(1 + 5 * kSize);
  Ring ring;
  CHECK_EQ(ring.open(reinterpret_cast<kevent_ring*>(memory.data()), kSize), 0);
  int consumer = ring.open_consumer();
  for (uint32_t i = 0; i < 4; i++) ring.fill({}, owner_of(i, i == 1), false);
  uint64_t position;
  CHECK_EQ(ring.claim(consumer, kSize, &position), 4u);
  std::vector<uint32_t> told;
  int freed = ring.finish(consumer, position, 4, [&](const SlotOwner& owner) {
    told.push_back(owner.index);
    if (owner.index != 1) return;
    CHECK(!ring.holds(0));
    CHECK(!ring.holds(1));
    CHECK(ring.holds(3));
    ring.mark(3);
  });
  CHECK_EQ(freed, 4);
  CHECK(told == (std::vector<uint32_t>{1, 3}));
}

}  // namespace
