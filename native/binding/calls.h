// The functions that JavaScript sees, by what they are about.
#pragma once

#include <node_api.h>

#include <cstddef>

namespace kevent::binding {

class Instance;

struct Function {
  const char* name;
  napi_callback callback;
};

struct Functions {
  const Function* first;
  size_t count;
};

Functions queue_calls();
Functions waiting_calls();
Functions inode_calls();
Functions timer_calls();
Functions process_calls();
Functions system_calls();
Functions socket_calls();
Functions descriptor_calls();
Functions naio_calls();

// Every constant and offset, as the compiler sees them; nullptr with an exception.
napi_value layout(napi_env env, napi_callback_info info);

}  // namespace kevent::binding
