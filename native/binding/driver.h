// What connects a queue to a thread's event loop. One driver for each environment, chosen when it is
// first needed: libuv's handles where they are to be had, otherwise a thread that polls.
#pragma once

#include <node_api.h>

#include <memory>

#include "fd.h"

namespace kevent::binding {

// Told on the environment's own thread, with the loop running and no handle scope open.
class WatchListener {
 public:
  virtual void readable() = 0;
  virtual void rung() = 0;

 protected:
  ~WatchListener() = default;
};

// One fd and one bell. All but ring() belong to the environment's thread.
class Watch {
 public:
  // Watch the fd, level triggered, until stop(). A watch starts stopped. 0 or a negative errno.
  virtual int start() = 0;
  virtual void stop() = 0;
  // Watch another fd from now on, started or stopped as before. 0 or a negative errno.
  virtual int replace(Fd fd) = 0;
  // From any thread, with any lock held: the listener will be told once, or once for several.
  virtual void ring() = 0;
  // Whether it keeps the loop alive, started or not. A watch starts unref'ed.
  virtual void ref() = 0;
  virtual void unref() = 0;
  // The listener hears nothing from now on; nobody may ring any more; the memory and the fd go by themselves.
  virtual void close() = 0;

 protected:
  ~Watch() = default;
};

class Driver {
 public:
  static std::unique_ptr<Driver> create(napi_env env);

  virtual ~Driver() = default;
  virtual const char* name() const = 0;
  // 0, and *watch is the caller's until it closes it; or a negative errno.
  virtual int open(Fd fd, WatchListener* listener, Watch** watch) = 0;
  // Calls done(context) when every watch that was closed is really gone. At once, perhaps.
  virtual void drain(void (*done)(void*), void* context) = 0;
};

std::unique_ptr<Driver> create_uv_driver(napi_env env);  // nullptr where there is no libuv
std::unique_ptr<Driver> create_thread_driver(napi_env env);

}  // namespace kevent::binding
