#include "driver.h"

#include <cstdlib>
#include <cstring>

namespace kevent::binding {
namespace {

// Bun exports libuv's names, but most of what is behind them aborts the process.
bool uv_is_a_stub(napi_env env) {
  napi_value global;
  bool bun = false;
  return napi_get_global(env, &global) != napi_ok || napi_has_named_property(env, global, "Bun", &bun) != napi_ok || bun;
}

}  // namespace

std::unique_ptr<Driver> Driver::create(napi_env env) {
  const char* forced = std::getenv("KEVENT_DRIVER");
  bool uv = !(forced && std::strcmp(forced, "thread") == 0) && !uv_is_a_stub(env);
  std::unique_ptr<Driver> driver;
  if (uv) driver = create_uv_driver(env);
  if (!driver) driver = create_thread_driver(env);
  return driver;
}

}  // namespace kevent::binding
