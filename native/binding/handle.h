// A native object behind a JavaScript one. While it holds itself it cannot become garbage; otherwise
// it is freed with its JavaScript object. No method trusts its receiver.
#pragma once

#include <node_api.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "arguments.h"

namespace kevent::binding {

class Handle;

// The handles of one environment. JavaScript objects can outlive the Instance by a little, so each
// handle shares it.
class HandleTable {
 public:
  void add(std::shared_ptr<Handle> handle);
  void remove(void* handle);
  // nullptr for pointers that are not of handles of this environment: they are not followed.
  Handle* find(void* pointer);
  std::vector<std::shared_ptr<Handle>> all() const;

 private:
  std::unordered_map<void*, std::shared_ptr<Handle>> handles_;
  Handle* last_found_ = nullptr;  // mostly it is the same one, the thread's attachment
};

class Handle : public std::enable_shared_from_this<Handle> {
 public:
  enum class Kind { kAttachment, kReadiness, kDeadline };

  Handle(Kind kind, Instance& instance);
  virtual ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  virtual int close() = 0;

  // Makes receiver the JavaScript side of handle; false, with an exception, if that cannot be.
  static bool wrap(napi_value receiver, std::shared_ptr<Handle> handle);
  // The handle of a method's receiver; nullptr, with a TypeError, unless it is of that kind.
  static Handle* of(Instance& instance, napi_value receiver, Kind kind);

 protected:
  Instance& instance() const { return instance_; }
  napi_env env() const { return env_; }
  void hold();
  void let_go();

 private:
  static void on_garbage(napi_env env, void* data, void* hint);

  const Kind kind_;
  const napi_env env_;
  Instance& instance_;  // good until the end of the environment, when every handle is closed
  const std::shared_ptr<HandleTable> table_;
  napi_ref receiver_ = nullptr;
  bool held_ = false;
};

// A JavaScript value that a handle needs until it is closed.
class Reference {
 public:
  explicit Reference(napi_env env) : env_(env) {}
  ~Reference() { reset(); }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  bool set(napi_value value) { return napi_create_reference(env_, value, 1, &reference_) == napi_ok; }
  void reset() {
    if (reference_) napi_delete_reference(env_, reference_);
    reference_ = nullptr;
  }
  napi_ref get() const { return reference_; }

 private:
  const napi_env env_;
  napi_ref reference_ = nullptr;
};

// The receiver and arguments of a method of T; handle is nullptr, with an exception pending, if it is not one.
template <typename T, size_t N>
struct MethodArguments {
  napi_env env;
  napi_value values[N > 0 ? N : 1];
  T* handle;

  MethodArguments(napi_env environment, napi_callback_info info) : env(environment) {
    size_t count = N;
    napi_value receiver;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, &receiver, &data);
    handle = static_cast<T*>(Handle::of(*static_cast<Instance*>(data), receiver, T::kKind));
  }
};

// The arguments of a constructor; constructs is false, with a TypeError, if it was called without new.
template <size_t N>
struct ConstructorArguments {
  napi_value values[N];
  napi_value receiver = nullptr;
  Instance* instance;
  bool constructs;

  ConstructorArguments(napi_env env, napi_callback_info info) {
    size_t count = N;
    void* data = nullptr;
    napi_value target = nullptr;
    napi_get_cb_info(env, info, &count, values, &receiver, &data);
    instance = static_cast<Instance*>(data);
    // Otherwise the receiver would be whatever it is, the global object for example.
    constructs = napi_get_new_target(env, info, &target) == napi_ok && target != nullptr;
    if (!constructs) throw_type_error(env, "a class cannot be called without new");
  }
};

// A method without arguments.
template <typename T, int (T::*method)()>
napi_value call_method(napi_env env, napi_callback_info info) {
  MethodArguments<T, 0> arguments(env, info);
  return arguments.handle ? to_value(env, (arguments.handle->*method)()) : nullptr;
}

template <typename T, int (T::*method)()>
napi_property_descriptor method_descriptor(const char* name, Instance* instance) {
  return {name, nullptr, call_method<T, method>, nullptr, nullptr, nullptr, napi_default_method, instance};
}

}  // namespace kevent::binding
