// What is not about one queue.
#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

napi_value to_string(napi_env env, const char* text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

napi_value signal_reassert(napi_env, napi_callback_info) {
  kevent_signal_reassert();
  return nullptr;
}

napi_value source_hash(napi_env env, napi_callback_info) { return to_string(env, kevent_source_hash()); }

napi_value driver(napi_env env, napi_callback_info info) {
  Arguments<0> in(env, info);
  return to_string(env, in.instance->driver().name());
}

constexpr Function kFunctions[] = {
    {"signalReassert", signal_reassert},
    {"sourceHash", source_hash},
    {"driver", driver},
    {"layout", layout},
};

}  // namespace

Functions process_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
