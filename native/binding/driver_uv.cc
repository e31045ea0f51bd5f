#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include "driver.h"
#include "uv_table.h"

namespace kevent::binding {
namespace {

class UvDriver final : public Driver {
 public:
  UvDriver(const Uv& uv, uv_loop_t* loop) : uv_(uv), loop_(loop) {}

  const char* name() const override { return "uv"; }
  int open(Fd fd, WatchListener* listener, Watch** watch) override;
  void drain(void (*done)(void*), void* context) override;

 private:
  friend class UvWatch;
  void handle_closed();

  const Uv& uv_;
  uv_loop_t* const loop_;
  size_t handles_ = 0;
  void (*drained_)(void*) = nullptr;
  void* drained_context_ = nullptr;
};

class UvWatch final : public Watch {
 public:
  UvWatch(UvDriver& driver, WatchListener* listener) : driver_(driver), uv_(driver.uv_), listener_(listener) {}

  int init(Fd fd);
  int start() override;
  void stop() override;
  int replace(Fd fd) override;
  void ring() override { uv_.async_send(async_); }
  // The bell is always active, the poll handle only sometimes: the bell alone holds the loop.
  void ref() override { uv_.ref(as_handle(async_)); }
  void unref() override { uv_.unref(as_handle(async_)); }
  void close() override;

 private:
  static uv_handle_t* as_handle(void* handle) { return static_cast<uv_handle_t*>(handle); }
  static UvWatch* of(void* handle) { return static_cast<UvWatch*>(Uv::find()->get_data(as_handle(handle))); }

  // Sizes are those of the libuv that we run with, not of the headers. Freed by on_close.
  template <typename Handle>
  Handle* allocate(uv_handle_type type) {
    return static_cast<Handle*>(std::malloc(uv_.handle_size(type)));
  }
  int opened(void* handle, int result);
  int open_poll(Fd fd);
  void close_poll();
  static void on_poll(uv_poll_t* handle, int status, int events);
  static void on_async(uv_async_t* handle);
  static void on_close(uv_handle_t* handle);

  UvDriver& driver_;
  const Uv& uv_;
  WatchListener* listener_;
  Fd fd_;
  uv_poll_t* poll_ = nullptr;
  uv_async_t* async_ = nullptr;
  bool started_ = false;
  int handles_ = 0;  // that libuv has not yet let go
};

int UvWatch::init(Fd fd) {
  async_ = allocate<uv_async_t>(UV_ASYNC);
  if (!async_) return -ENOMEM;
  int result = opened(async_, uv_.async_init(driver_.loop_, async_, on_async));
  if (result < 0) {
    async_ = nullptr;
    return result;
  }
  return open_poll(std::move(fd));
}

int UvWatch::opened(void* handle, int result) {
  if (result < 0) {
    std::free(handle);
    return result;
  }
  uv_.set_data(as_handle(handle), this);
  uv_.unref(as_handle(handle));
  handles_++;
  driver_.handles_++;
  return 0;
}

int UvWatch::open_poll(Fd fd) {
  uv_poll_t* poll = allocate<uv_poll_t>(UV_POLL);
  if (!poll) return -ENOMEM;
  int result = opened(poll, uv_.poll_init(driver_.loop_, poll, fd.get()));
  if (result < 0) return result;
  poll_ = poll;
  fd_ = std::move(fd);
  return 0;
}

void UvWatch::close_poll() {
  if (poll_) uv_.close(as_handle(poll_), on_close);
  poll_ = nullptr;
  started_ = false;
  // libuv has taken the fd out of its set by now; a moment later it may be somebody else's number.
  fd_.reset();
}

// libuv makes a system call of each start and stop, even of those that change nothing.
int UvWatch::start() {
  if (started_) return 0;
  if (!poll_) return -EBADF;
  int result = uv_.poll_start(poll_, UV_READABLE, on_poll);
  started_ = result == 0;
  return result;
}

void UvWatch::stop() {
  if (started_ && poll_) uv_.poll_stop(poll_);
  started_ = false;
}

int UvWatch::replace(Fd fd) {
  bool restart = started_;
  close_poll();
  int result = open_poll(std::move(fd));
  return result == 0 && restart ? start() : result;
}

void UvWatch::close() {
  listener_ = nullptr;
  close_poll();
  uv_.close(as_handle(async_), on_close);
}

void UvWatch::on_poll(uv_poll_t* handle, int, int) {
  // An error of the fd is something for whoever reads from it to find out.
  UvWatch* watch = of(handle);
  if (watch->listener_) watch->listener_->readable();
}

void UvWatch::on_async(uv_async_t* handle) {
  UvWatch* watch = of(handle);
  if (watch->listener_) watch->listener_->rung();
}

void UvWatch::on_close(uv_handle_t* handle) {
  UvWatch* watch = of(handle);
  UvDriver& driver = watch->driver_;
  std::free(handle);
  // The bell is closed last, so nothing is left to come.
  if (--watch->handles_ == 0) delete watch;
  driver.handle_closed();
}

int UvDriver::open(Fd fd, WatchListener* listener, Watch** watch) {
  UvWatch* opened = new (std::nothrow) UvWatch(*this, listener);
  if (!opened) return -ENOMEM;
  size_t before = handles_;
  int result = opened->init(std::move(fd));
  if (result == 0) {
    *watch = opened;
  } else if (handles_ == before) {
    delete opened;
  } else {
    opened->close();
  }
  return result;
}

void UvDriver::drain(void (*done)(void*), void* context) {
  drained_ = done;
  drained_context_ = context;
  if (handles_ == 0) done(context);
}

void UvDriver::handle_closed() {
  if (--handles_ == 0 && drained_) drained_(drained_context_);
}

}  // namespace

std::unique_ptr<Driver> create_uv_driver(napi_env env) {
  const Uv* uv = Uv::find();
  uv_loop_t* loop = nullptr;
  if (!uv || napi_get_uv_event_loop(env, &loop) != napi_ok || !loop) return nullptr;
  return std::make_unique<UvDriver>(*uv, loop);
}

}  // namespace kevent::binding
