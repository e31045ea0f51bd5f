#include "uv_table.h"

#include <dlfcn.h>

namespace kevent::binding {
namespace {

template <typename Function>
bool look_up(const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return *function != nullptr;
}

struct Lookup {
  Uv uv;
  bool complete;

  Lookup() {
    complete = look_up("uv_poll_init", &uv.poll_init) && look_up("uv_poll_start", &uv.poll_start) &&
               look_up("uv_poll_stop", &uv.poll_stop) && look_up("uv_async_init", &uv.async_init) &&
               look_up("uv_async_send", &uv.async_send) && look_up("uv_close", &uv.close) &&
               look_up("uv_ref", &uv.ref) && look_up("uv_unref", &uv.unref) &&
               look_up("uv_handle_size", &uv.handle_size) && look_up("uv_handle_get_data", &uv.get_data) &&
               look_up("uv_handle_set_data", &uv.set_data);
  }
};

}  // namespace

const Uv* Uv::find() {
  static const Lookup lookup;
  return lookup.complete ? &lookup.uv : nullptr;
}

}  // namespace kevent::binding
