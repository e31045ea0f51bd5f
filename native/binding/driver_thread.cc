#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "driver.h"

namespace kevent::binding {
namespace {

class ThreadWatch;

// One thread that polls for all watches of an environment. A watch whose fd is readable is passed over
// until its listener has been told: level triggered, but not while the event loop is behind.
class ThreadDriver final : public Driver {
 public:
  explicit ThreadDriver(napi_env env) : env_(env), bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~ThreadDriver() override;

  const char* name() const override { return "thread"; }
  int open(Fd fd, WatchListener* listener, Watch** watch) override;
  void drain(void (*done)(void*), void* context) override;

 private:
  friend class ThreadWatch;
  void remove(ThreadWatch* watch);
  void changed();
  void watch_gone();
  int start_thread();
  void run();

  const napi_env env_;
  const Fd bell_;
  std::mutex mutex_;  // the next two, and what is said to be under it in each watch
  std::vector<ThreadWatch*> watches_;
  bool stopping_ = false;
  // The environment's thread only:
  bool running_ = false;
  pthread_t thread_ = {};
  size_t open_ = 0;
  void (*drained_)(void*) = nullptr;
  void* drained_context_ = nullptr;
};

class ThreadWatch final : public Watch {
 public:
  ThreadWatch(ThreadDriver& driver, Fd fd, WatchListener* listener)
      : driver_(driver), fd_(std::move(fd)), listener_(listener) {}

  int init();
  int start() override;
  void stop() override;
  int replace(Fd fd) override;
  void ring() override;
  void ref() override;
  void unref() override;
  void close() override;

 private:
  friend class ThreadDriver;
  void post();
  static void on_call(napi_env env, napi_value callback, void* context, void* data);
  static void on_gone(napi_env env, void* data, void* hint);

  ThreadDriver& driver_;
  Fd fd_;
  WatchListener* listener_;
  std::atomic<bool> rung_{false};
  std::atomic<bool> posted_{false};
  // Under the driver's mutex:
  bool watching_ = false;
  bool readable_ = false;
  // Node.js may take it away at the end of the environment, before we do.
  std::mutex call_mutex_;
  napi_threadsafe_function call_ = nullptr;
  bool closed_ = false;
};

int ThreadWatch::init() {
  napi_value name;
  if (napi_create_string_utf8(driver_.env_, "kevent", NAPI_AUTO_LENGTH, &name) != napi_ok) return -ECANCELED;
  napi_status status = napi_create_threadsafe_function(driver_.env_, nullptr, nullptr, name, 0, 1, nullptr, on_gone, this,
                                                       on_call, &call_);
  if (status != napi_ok) return -ENOMEM;
  // What keeps the loop alive is the listener's business.
  napi_unref_threadsafe_function(driver_.env_, call_);
  return 0;
}

int ThreadWatch::start() {
  std::lock_guard<std::mutex> lock(driver_.mutex_);
  watching_ = true;
  driver_.changed();
  return 0;
}

void ThreadWatch::stop() {
  std::lock_guard<std::mutex> lock(driver_.mutex_);
  watching_ = false;
  readable_ = false;
}

int ThreadWatch::replace(Fd fd) {
  std::lock_guard<std::mutex> lock(driver_.mutex_);
  fd_ = std::move(fd);
  readable_ = false;
  driver_.changed();
  return 0;
}

void ThreadWatch::ring() {
  rung_.store(true, std::memory_order_release);
  post();
}

void ThreadWatch::post() {
  if (posted_.exchange(true, std::memory_order_acq_rel)) return;
  std::lock_guard<std::mutex> lock(call_mutex_);
  if (call_) napi_call_threadsafe_function(call_, nullptr, napi_tsfn_nonblocking);
}

void ThreadWatch::ref() {
  std::lock_guard<std::mutex> lock(call_mutex_);
  if (call_) napi_ref_threadsafe_function(driver_.env_, call_);
}

void ThreadWatch::unref() {
  std::lock_guard<std::mutex> lock(call_mutex_);
  if (call_) napi_unref_threadsafe_function(driver_.env_, call_);
}

void ThreadWatch::close() {
  listener_ = nullptr;
  driver_.remove(this);
  fd_.reset();
  bool gone;
  {
    std::lock_guard<std::mutex> lock(call_mutex_);
    closed_ = true;
    gone = call_ == nullptr;
    if (!gone) napi_release_threadsafe_function(call_, napi_tsfn_abort);
  }
  if (!gone) return;
  ThreadDriver& driver = driver_;
  delete this;
  driver.watch_gone();
}

void ThreadWatch::on_call(napi_env env, napi_value, void* context, void*) {
  ThreadWatch* watch = static_cast<ThreadWatch*>(context);
  if (!env) return;  // the environment is going
  watch->posted_.store(false, std::memory_order_release);
  // The listener may close the watch; it is freed later, by on_gone, so this stays valid.
  if (watch->rung_.exchange(false, std::memory_order_acq_rel) && watch->listener_) watch->listener_->rung();
  bool readable;
  {
    std::lock_guard<std::mutex> lock(watch->driver_.mutex_);
    readable = watch->readable_;
  }
  if (readable && watch->listener_) watch->listener_->readable();
  std::lock_guard<std::mutex> lock(watch->driver_.mutex_);
  watch->readable_ = false;
  if (watch->watching_) watch->driver_.changed();
}

void ThreadWatch::on_gone(napi_env, void*, void* hint) {
  // napi passes the context of the thread-safe function as the hint of its finalizer.
  ThreadWatch* watch = static_cast<ThreadWatch*>(hint);
  bool closed;
  {
    std::lock_guard<std::mutex> lock(watch->call_mutex_);
    watch->call_ = nullptr;
    closed = watch->closed_;
  }
  if (!closed) return;
  ThreadDriver& driver = watch->driver_;
  delete watch;
  driver.watch_gone();
}

ThreadDriver::~ThreadDriver() {
  if (!running_) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    changed();
  }
  pthread_join(thread_, nullptr);
}

int ThreadDriver::open(Fd fd, WatchListener* listener, Watch** watch) {
  if (!bell_.valid()) return -EMFILE;
  ThreadWatch* opened = new (std::nothrow) ThreadWatch(*this, std::move(fd), listener);
  if (!opened) return -ENOMEM;
  int result = running_ ? 0 : start_thread();
  if (result == 0) result = opened->init();
  if (result < 0) {
    delete opened;
    return result;
  }
  open_++;
  std::lock_guard<std::mutex> lock(mutex_);
  watches_.push_back(opened);
  *watch = opened;
  return 0;
}

void ThreadDriver::drain(void (*done)(void*), void* context) {
  drained_ = done;
  drained_context_ = context;
  if (open_ == 0) done(context);
}

int ThreadDriver::start_thread() {
  // The thread gets no signals: handlers belong on threads that are made for them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto body = [](void* driver) -> void* {
    static_cast<ThreadDriver*>(driver)->run();
    return nullptr;
  };
  int error = pthread_create(&thread_, nullptr, body, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  running_ = error == 0;
  return -error;
}

void ThreadDriver::remove(ThreadWatch* watch) {
  // Once it is out of the list, under the mutex, the thread does not touch it again.
  std::lock_guard<std::mutex> lock(mutex_);
  watches_.erase(std::remove(watches_.begin(), watches_.end(), watch), watches_.end());
  changed();
}

void ThreadDriver::changed() {
  uint64_t one = 1;
  (void)!write(bell_.get(), &one, sizeof one);
}

void ThreadDriver::watch_gone() {
  if (--open_ == 0 && drained_) drained_(drained_context_);
}

void ThreadDriver::run() {
  std::vector<pollfd> fds;
  std::vector<ThreadWatch*> polled;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    fds.assign(1, {bell_.get(), POLLIN, 0});
    polled.clear();
    for (ThreadWatch* watch : watches_) {
      if (!watch->watching_ || watch->readable_) continue;
      fds.push_back({watch->fd_.get(), POLLIN, 0});
      polled.push_back(watch);
    }
    lock.unlock();
    poll(fds.data(), fds.size(), -1);
    lock.lock();
    uint64_t rung;
    (void)!read(bell_.get(), &rung, sizeof rung);
    for (size_t i = 0; i < polled.size(); i++) {
      // Only what is still in the list is still there; a new watch in the same place is told
      // for nothing, which it has to bear anyway.
      bool there = std::find(watches_.begin(), watches_.end(), polled[i]) != watches_.end();
      if (!fds[i + 1].revents || !there || !polled[i]->watching_) continue;
      polled[i]->readable_ = true;
      polled[i]->post();
    }
  }
}

}  // namespace

std::unique_ptr<Driver> create_thread_driver(napi_env env) { return std::make_unique<ThreadDriver>(env); }

}  // namespace kevent::binding
