#include "attachment.h"

#include <time.h>

#include <cerrno>
#include <utility>

#include "instance.h"

namespace kevent::binding {
namespace {

// So that timers, promises and other handles get their turn.
constexpr uint32_t kBudgetEvents = 16384;
constexpr int64_t kBudgetNanoseconds = 4'000'000;

// As of the kernel's last tick, which makes the budget a tick shorter or longer: this is asked once for each run, and the
// exact time would be a part of what a run of one event costs.
int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

}  // namespace

Attachment::Attachment(Instance& instance, int fd)
    : Handle(kKind, instance),
      fd_(fd),
      control_reference_(instance.env()),
      callback_(instance.env()) {}

int Attachment::open() {
  if (watch_.is_open()) return -EALREADY;
  if (!control_) return -EBADF;  // was closed
  if (instance().ending()) return -ECANCELED;
  std::shared_ptr<OpenQueue> queue = instance().held(fd_);
  if (!queue) return -EBADF;
  consumer_ = watch_.open(instance(), std::move(queue), this,
                          [](int fd, void* watch) { return kevent_consumer_open(fd, LoopWatch::ring, watch); });
  if (consumer_ >= 0) hold();
  return consumer_;
}

int Attachment::start() {
  if (!watch_.usable()) return -EBADF;
  int result = watch_->start();
  if (result < 0) return result;
  started_ = true;
  parked_ = false;
  watch_->ring();  // what came before is in the ring, and the fd knows nothing of it
  return 0;
}

int Attachment::stop() {
  if (!watch_.is_open()) return -EBADF;
  started_ = false;
  watch_->stop();
  return 0;
}

int Attachment::ref() {
  if (!watch_.is_open()) return -EBADF;
  watch_->ref();
  return 0;
}

int Attachment::unref() {
  if (!watch_.is_open()) return -EBADF;
  watch_->unref();
  return 0;
}

int Attachment::claim(uint32_t max) {
  if (!watch_.usable()) return -EBADF;
  if (in_turn_) return -EBUSY;
  kevent_run run;
  int count = kevent_claim(fd_, consumer_, max, nullptr, KEVENT_FLAGS_NONBLOCK, &run);
  if (count == -EAGAIN || count == -ENOBUFS) count = 0;
  if (count > 0) tell(run, count);
  return count;
}

int Attachment::finish(uint64_t position, uint32_t count) {
  if (!watch_.usable()) return -EBADF;
  int freed = kevent_finish(fd_, consumer_, position, count);
  if (parked_) watch_->ring();  // what did not fit into the ring is not seen by the fd
  return freed;
}

int Attachment::close() {
  if (in_turn_ && watch_.usable()) {
    uint32_t done = finished(count_);
    if (done > 0) kevent_finish(fd_, consumer_, position_, done);
  }
  watch_.close([this](int fd) { return kevent_consumer_close(fd, consumer_); });
  started_ = false;
  if (control_) control_[kInTurn] = 0;
  control_ = nullptr;
  control_reference_.reset();
  callback_.reset();
  let_go();
  return 0;
}

void Attachment::readable() {
  std::shared_ptr<Handle> alive = shared_from_this();  // the callback may close us
  turn();
}

void Attachment::rung() {
  std::shared_ptr<Handle> alive = shared_from_this();
  if (!watch_.usable()) return turn();
  if (parked_ && started_) watch_->start();
  parked_ = false;
  int result = watch_.follow();
  if (result < 0) return fail(result);
  turn();
}

void Attachment::turn() {
  if (!started_ || in_turn_) return;
  if (!watch_.usable()) return fail(-EBADF);
  control_[kTurn] += 1;
  int64_t start = now();
  uint32_t left = kBudgetEvents;
  uint32_t flags = KEVENT_FLAGS_NONBLOCK | KEVENT_FLAGS_EXACT;
  while (control_[kWant] == 1) {
    kevent_run run;
    int count = kevent_claim(fd_, consumer_, left, nullptr, flags, &run);
    if (count == -ENOBUFS) return park();
    if (count == 0 || count == -EAGAIN) return;
    if (count < 0) return fail(count);
    if (!deliver(run, static_cast<uint32_t>(count))) return;
    left -= static_cast<uint32_t>(count);
    if (left == 0 || now() - start >= kBudgetNanoseconds) return watch_->ring();
    // The origins have been asked once in this turn; the fd will say if there is more.
    flags |= KEVENT_FLAGS_NO_COLLECT;
  }
  collect();
}

void Attachment::tell(const kevent_run& run, double count) {
  control_[kPosition] = static_cast<double>(run.position);
  control_[kPlainFrom] = static_cast<double>(run.plain_from);
  control_[kCount] = count;
  control_[kFinished] = 0;
}

// Whether to go on: false if a part of the run is held, or the callback has stopped or closed us.
bool Attachment::deliver(const kevent_run& run, uint32_t count) {
  position_ = run.position;
  count_ = count;
  tell(run, count);
  control_[kInTurn] = 1;
  in_turn_ = true;
  Instance::Outcome outcome = instance().call(callback_.get(), nullptr);
  in_turn_ = false;
  if (!control_) return false;
  control_[kInTurn] = 0;
  if (!watch_.usable()) return false;
  // An error counts as having seen the events, or they would come again, and the error with them.
  // A thread that has been terminated has not seen them: they go to another one.
  uint32_t done = outcome == Instance::Outcome::kThrew ? count : finished(count);
  if (done > 0) kevent_finish(fd_, consumer_, run.position, done);
  return done == count && started_;
}

// Nobody wants events, but they go on moving from their origins into the ring.
void Attachment::collect() {
  kevent_run run;
  int result = kevent_claim(fd_, consumer_, 0, nullptr, KEVENT_FLAGS_NONBLOCK, &run);
  if (result == -ENOBUFS) return park();
  if (result < 0 && result != -EAGAIN) fail(result);
}

void Attachment::park() {
  parked_ = true;
  watch_->stop();
}

// The queue cannot be used any more: JavaScript hears of it once.
void Attachment::fail(int error) {
  stop();
  control_[kCount] = error;
  control_[kFinished] = 0;
  instance().call(callback_.get(), nullptr);
}

// JavaScript's word for it, which may be anything.
uint32_t Attachment::finished(uint32_t count) const {
  double said = control_[kFinished];
  if (!(said > 0)) return 0;
  return said < count ? static_cast<uint32_t>(said) : count;
}

}  // namespace kevent::binding
