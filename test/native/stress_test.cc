// Nothing lost, nothing twice: every occurrence that several threads produce arrives at exactly
// one of the threads that wait, through rings of any size.
//
// STRESS_EVENTS occurrences in all (default 20,000,000: more than 5 million events, as many coalesce).
#include <algorithm>
#include <mutex>
#include <random>

#include "stress_load.h"

namespace {

using stress::Load;

constexpr uint32_t kRingSizes[] = {2, 3, 64, 4096};
constexpr int kScenes = 20;

uint32_t occurrences_per_scene() {
  const char* said = getenv("STRESS_EVENTS");
  return static_cast<uint32_t>((said ? atof(said) : 2e7) / kScenes);
}

// A queue under load, and the threads that read it.
class Scene {
 public:
  Scene(uint32_t ring_size, uint32_t occurrences) : size_(ring_size), load_(occurrences) {
    if (size_) ring_.reset(new uint64_t[1 + 5 * size_]());
    fd_ = kevent_init(ring(), size_, 0);
    CHECK(fd_ >= 0);
    load_.add_to(fd_);
  }

  template <class Reader>
  void run(int readers, Reader reader) {
    start(readers, reader);
    load_.join();
    load_.wait_until_complete(fd_);
    // All wait for ever now. A token releases one of them, and each only one.
    stop_ = true;
    for (int i = 0; i < readers; i++) CHECK_EQ(kevent_ctl(fd_, KEVENT_CTL_READY, 0, nullptr), 0);
    join();
    CHECK(load_.complete());
    CHECK_EQ(kevent_close(fd_), 0);
  }

  template <class Reader>
  void run_and_close(int readers, Reader reader, int microseconds) {
    start(readers, reader);
    usleep(static_cast<useconds_t>(microseconds));
    CHECK_EQ(kevent_close(fd_), 0);
    load_.hurry();
    load_.join();
    join();
  }

  int fd() const { return fd_; }
  uint32_t size() const { return size_; }
  kevent_ring* ring() { return reinterpret_cast<kevent_ring*>(ring_.get()); }
  const ukevent& slot(uint64_t position) { return ring()->event[position % size_]; }
  Load& load() { return load_; }

  // A waiting call has returned: whether the reader goes home.
  bool is_over(int result) {
    if (result == -EBADF || result == -EINVAL) return true;
    CHECK(result >= 0);
    return result == 0 && stop_;
  }

  // The application's own: up to where the ring was read, when several threads share it unclaimed.
  std::mutex reading;
  uint64_t cursor = 0;

 private:
  template <class Reader>
  void start(int readers, Reader reader) {
    for (int i = 0; i < readers; i++) readers_.emplace_back([this, reader, i] { reader(*this, i); });
    load_.start(fd_);
  }
  void join() {
    for (std::thread& thread : readers_) thread.join();
  }

  uint32_t size_;
  std::unique_ptr<uint64_t[]> ring_;
  Load load_;
  int fd_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> readers_;
};

// kevent_wait and kevent_commit, as in the seed. Whoever comes first reads all there is; the
// commits of the threads overtake each other.
void wait_and_commit(Scene& scene, int) {
  for (;;) {
    uint32_t seen;
    {
      std::lock_guard<std::mutex> lock(scene.reading);
      seen = static_cast<uint32_t>(scene.cursor % scene.size());
    }
    int moved = kevent_wait(scene.fd(), scene.size(), seen, nullptr, 0);
    if (scene.is_over(moved)) return;
    uint64_t end;
    {
      std::lock_guard<std::mutex> lock(scene.reading);
      kevent_statistics stats;
      if (kevent_stats(scene.fd(), &stats) < 0) return;
      for (; scene.cursor < stats.head; scene.cursor++) scene.load().arrived(scene.slot(scene.cursor));
      end = scene.cursor;
    }
    int freed = kevent_commit(scene.fd(), static_cast<uint32_t>(end % scene.size()),
                              static_cast<uint32_t>(end / scene.size()));
    if (freed == -EBADF || freed == -EINVAL) return;
    CHECK(freed >= 0 || freed == -EOVERFLOW);
  }
}

void claim_and_finish(Scene& scene, int) {
  int consumer = kevent_consumer_open(scene.fd(), nullptr, nullptr);
  for (;;) {
    kevent_run run;
    int count = kevent_claim(scene.fd(), consumer, 512, nullptr, 0, &run);
    if (scene.is_over(count)) break;
    for (int i = 0; i < count; i++) scene.load().arrived(scene.slot(run.position + static_cast<uint64_t>(i)));
    int freed = kevent_finish(scene.fd(), consumer, run.position, static_cast<uint32_t>(count));
    if (freed == -EBADF || freed == -EINVAL) break;
  }
  kevent_consumer_close(scene.fd(), consumer);
}

// A consumer that now and then is gone with a part of its run unfinished, which goes to another.
void claim_and_die(Scene& scene, int number) {
  std::minstd_rand chance(static_cast<uint32_t>(number + 1));
  int consumer = kevent_consumer_open(scene.fd(), nullptr, nullptr);
  for (;;) {
    kevent_run run;
    int count = kevent_claim(scene.fd(), consumer, 16, nullptr, 0, &run);
    if (scene.is_over(count)) break;
    bool dies = chance() % 32 == 0;
    uint32_t done = static_cast<uint32_t>(count);
    if (dies) done = static_cast<uint32_t>(chance() % (done + 1));
    for (uint32_t i = 0; i < done; i++) {
      scene.load().arrived(scene.slot(run.position + i));
      if (kevent_finish(scene.fd(), consumer, run.position + i, 1) < 0) return;
    }
    if (!dies) continue;
    if (kevent_consumer_close(scene.fd(), consumer) < 0) return;
    consumer = kevent_consumer_open(scene.fd(), nullptr, nullptr);
    if (consumer < 0) return;
  }
  kevent_consumer_close(scene.fd(), consumer);
}

void get_events(Scene& scene, int) {
  ukevent buffer[64];
  for (;;) {
    int moved = kevent_get_events(scene.fd(), 1, 64, nullptr, buffer, 0);
    if (scene.is_over(moved)) return;
    for (int i = 0; i < moved; i++) scene.load().arrived(buffer[i]);
  }
}

template <class Reader>
void through_all_rings(int readers, Reader reader) {
  for (uint32_t size : kRingSizes) Scene(size, occurrences_per_scene()).run(readers, reader);
}

TEST(one_thread_in_kevent_wait_gets_every_occurrence_once) { through_all_rings(1, wait_and_commit); }

TEST(several_threads_in_kevent_wait_share_every_occurrence) { through_all_rings(3, wait_and_commit); }

TEST(one_consumer_gets_every_occurrence_once) { through_all_rings(1, claim_and_finish); }

TEST(several_consumers_share_every_occurrence) { through_all_rings(3, claim_and_finish); }

TEST(what_dying_consumers_hold_goes_to_others) { through_all_rings(3, claim_and_die); }

TEST(threads_in_get_events_without_a_ring_share_every_occurrence) {
  Scene(0, occurrences_per_scene()).run(1, get_events);
  Scene(0, occurrences_per_scene()).run(3, get_events);
}

TEST(waiters_of_all_sorts_share_a_queue) {
  auto mixed = [](Scene& scene, int number) { (number % 2 ? claim_and_die : claim_and_finish)(scene, number); };
  for (uint32_t size : {2u, 64u}) Scene(size, occurrences_per_scene()).run(4, mixed);
}

TEST(a_queue_closed_under_load_releases_everybody) {
  for (int round = 0; round < 12; round++) {
    uint32_t size = kRingSizes[round % 4];
    Scene scene(size, 1 << 22);
    if (round % 3 == 0) scene.run_and_close(3, wait_and_commit, 500 * round);
    if (round % 3 == 1) scene.run_and_close(3, claim_and_die, 500 * round);
    if (round % 3 == 2) scene.run_and_close(3, claim_and_finish, 500 * round);
  }
}

// Three consumers that stay see each occurrence of a WAKEUP_ALL kevent, whatever the ring's size.
TEST(every_consumer_gets_every_wakeup_all_event) {
  constexpr int kConsumers = 3;
  const uint32_t total = std::max(occurrences_per_scene() / 8, 100u);
  for (uint32_t size : kRingSizes) {
    std::vector<uint64_t> memory(1 + 5 * size);
    kevent_ring* ring = reinterpret_cast<kevent_ring*>(memory.data());
    int fd = kevent_init(ring, size, 0);
    ukevent entry{};
    entry.type = KEVENT_UNOTIFY;
    entry.req_flags = KEVENT_REQ_ET | KEVENT_REQ_WAKEUP_ALL;
    CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_ADD, 1, &entry), 1);
    std::vector<std::thread> threads;
    int consumers[kConsumers];
    for (int& consumer : consumers) consumer = kevent_consumer_open(fd, nullptr, nullptr);
    for (int consumer : consumers) {
      threads.emplace_back([=] {
        for (uint64_t seen = 0; seen < total;) {
          kevent_run run;
          kevent_timespec limit = {20, 0};
          auto before = std::chrono::steady_clock::now();
          int count = kevent_claim(fd, consumer, 64, &limit, 0, &run);
          CHECK(count > 0 || std::chrono::steady_clock::now() - before < std::chrono::seconds(20));
          for (int i = 0; i < count; i++) seen += ring->event[(run.position + static_cast<uint64_t>(i)) % size].ret_data[0];
          CHECK(seen <= total);
          CHECK(kevent_finish(fd, consumer, run.position, static_cast<uint32_t>(count)) >= 0);
        }
      });
    }
    for (uint32_t i = 0; i < total; i++) {
      ukevent ready = entry;
      CHECK_EQ(kevent_ctl(fd, KEVENT_CTL_READY, 1, &ready), 1);
    }
    for (std::thread& thread : threads) thread.join();
    CHECK_EQ(kevent_close(fd), 0);
  }
}

}  // namespace
