// What the binding keeps for one environment: the main thread's, or a worker's.
#pragma once

#include <node_api.h>

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "blocking.h"
#include "descriptor_set.h"
#include "driver.h"
#include "handle.h"
#include "queues.h"

namespace kevent::binding {

class Instance {
 public:
  // nullptr if the environment is going already.
  static Instance* create(napi_env env);
  ~Instance();

  napi_env env() const { return env_; }
  Driver& driver();
  Blocking& blocking() { return blocking_; }
  bool ending() const { return ending_; }

  // Queues that this environment holds, each with its ring, which must not become garbage.
  int init(napi_value ring, const Memory& memory, uint32_t size, uint32_t flags);
  int share(int fd, napi_value ring, const Memory& memory);
  int close(int fd);
  // nullptr if this environment does not hold it.
  std::shared_ptr<OpenQueue> held(int fd) const;

  // POSIX timers and pidfds that this environment has made and not given up: they go with it.
  std::unordered_set<int>& timers() { return timers_; }
  std::unordered_set<int>& pidfds() { return pidfds_; }
  // Sockets and others of this environment: a worker that is terminated leaves none of them open.
  DescriptorSet& descriptors() { return descriptors_; }

  // Consumers that this environment has opened by number: what they hold goes to others when it ends.
  int open_consumer(int fd);
  int close_consumer(int fd, int consumer);

  HandleTable& handles() { return *handles_; }
  std::shared_ptr<HandleTable> shared_handles() { return handles_; }

  // How a callback ended.
  enum class Outcome { kReturned, kThrew, kCannotRun };
  // Calls it as the event loop does: ticks and microtasks run before this returns, errors go
  // to 'uncaughtException'. Never throws, and needs no handle scope.
  Outcome call(napi_ref callback, const double* argument);

 private:
  struct Held {
    std::shared_ptr<OpenQueue> queue;
    napi_ref ring;
  };

  explicit Instance(napi_env env) : env_(env) {}
  int hold(int fd, std::shared_ptr<OpenQueue> queue, napi_value ring);
  void let_go(Held& held);
  void end();
  static void on_cleanup(napi_async_cleanup_hook_handle hook, void* instance);
  static void on_drained(void* instance);

  const napi_env env_;
  napi_async_context context_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  bool ending_ = false;
  Blocking blocking_;
  std::unique_ptr<Driver> driver_;
  std::unordered_map<int, Held> held_;
  struct Consumer {
    std::shared_ptr<OpenQueue> queue;
    int number;
  };
  std::vector<Consumer> consumers_;
  std::unordered_set<int> timers_;
  std::unordered_set<int> pidfds_;
  DescriptorSet descriptors_;
  const std::shared_ptr<HandleTable> handles_ = std::make_shared<HandleTable>();
};

}  // namespace kevent::binding
