// What the addon exports. Loaded once for each environment: nothing here is the process's.
#include "attachment.h"
#include "calls.h"
#include "instance.h"
#include "point_in_time.h"
#include "readiness.h"

namespace kevent::binding {
namespace {

bool add(Instance& instance, napi_value exports, const Functions& functions) {
  napi_env env = instance.env();
  for (size_t i = 0; i < functions.count; i++) {
    const Function& function = functions.first[i];
    napi_value value;
    if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, &instance, &value) != napi_ok ||
        napi_set_named_property(env, exports, function.name, value) != napi_ok) {
      return false;
    }
  }
  return true;
}

bool add(Instance& instance, napi_value exports, const char* name, napi_value constructor) {
  return constructor && napi_set_named_property(instance.env(), exports, name, constructor) == napi_ok;
}

}  // namespace
}  // namespace kevent::binding

NAPI_MODULE_INIT() {
  using namespace kevent::binding;
  Instance* instance = Instance::create(env);
  bool complete = instance && add(*instance, exports, queue_calls()) && add(*instance, exports, waiting_calls()) &&
                  add(*instance, exports, inode_calls()) && add(*instance, exports, timer_calls()) &&
                  add(*instance, exports, process_calls()) && add(*instance, exports, system_calls()) &&
                  add(*instance, exports, socket_calls()) && add(*instance, exports, descriptor_calls()) &&
                  add(*instance, exports, naio_calls()) &&
                  add(*instance, exports, "Attachment", Attachment::define(*instance)) &&
                  add(*instance, exports, "Readiness", Readiness::define(*instance)) &&
                  add(*instance, exports, "Deadline", PointInTime::define(*instance));
  return complete ? exports : nullptr;
}
