// What JavaScript passes, made into C's types without ever trusting it.
#pragma once

#include <node_api.h>

#include <climits>
#include <cstddef>
#include <cstdint>

namespace kevent::binding {

class Instance;

// A typed array's bytes, as they are at this moment: a detached one has none. Only to be used before
// control returns to JavaScript, unless it lies in a SharedArrayBuffer, which cannot be taken away.
struct Memory {
  void* data = nullptr;
  size_t bytes = 0;
};

// The arguments of one call; those that are missing are undefined. The functions that read
// one throw a TypeError, and return false, if it is of the wrong type.
template <size_t N>
struct Arguments {
  napi_env env;
  napi_value values[N > 0 ? N : 1];
  Instance* instance;

  Arguments(napi_env environment, napi_callback_info info) : env(environment) {
    size_t count = N;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, nullptr, &data);
    instance = static_cast<Instance*>(data);
  }
};

void throw_type_error(napi_env env, const char* message);

inline bool read_number(napi_env env, napi_value value, double* out) {
  if (napi_get_value_double(env, value, out) == napi_ok) return true;
  throw_type_error(env, "a number was expected");
  return false;
}

// -1, which no call accepts, for what is no fd.
inline bool read_fd(napi_env env, napi_value value, int* out) {
  double number;
  if (!read_number(env, value, &number)) return false;
  bool fits = number >= 0 && number <= INT_MAX && number == static_cast<int>(number);
  *out = fits ? static_cast<int>(number) : -1;
  return true;
}

// A number that a call takes as uint32_t. Several are read before fits is looked at, once.
inline bool read_u32(napi_env env, napi_value value, uint32_t* out, bool* fits) {
  double number;
  if (!read_number(env, value, &number)) return false;
  if (number >= 0 && number <= UINT32_MAX && number == static_cast<uint32_t>(number)) {
    *out = static_cast<uint32_t>(number);
  } else {
    *out = 0;
    *fits = false;
  }
  return true;
}

// Any integer that a double holds exactly. Doubles beyond int64_t must not be converted: undefined.
inline bool read_i53(napi_env env, napi_value value, int64_t* out, bool* fits) {
  constexpr double limit = 9007199254740992.0;  // 2^53
  double number;
  if (!read_number(env, value, &number)) return false;
  if (number > -limit && number < limit && number == static_cast<double>(static_cast<int64_t>(number))) {
    *out = static_cast<int64_t>(number);
  } else {
    *out = 0;
    *fits = false;
  }
  return true;
}

bool read_boolean(napi_env env, napi_value value, bool* out);
bool read_memory(napi_env env, napi_value value, Memory* out);
// The same without a TypeError.
bool look_at_memory(napi_env env, napi_value value, Memory* out);
bool read_memory_or_null(napi_env env, napi_value value, Memory* out);
// A Float64Array: room for count doubles, else false in *fits.
bool read_doubles(napi_env env, napi_value value, size_t count, double** out, bool* fits);
// Memory over a SharedArrayBuffer that is not growable: its address and length are good for as long
// as the value is referenced.
bool read_fixed_memory(napi_env env, napi_value value, Memory* out);
// A string, in UTF-8 and terminated, or bytes, not terminated. *length is the whole length; what is longer
// than capacity is not copied (a string needs room for its end as well).
bool read_text(napi_env env, napi_value value, char* text, size_t capacity, size_t* length);
bool is_null(napi_env env, napi_value value);
bool is_function(napi_env env, napi_value value);

// nullptr, so that undefined is returned, if the number cannot be made: the environment is going.
inline napi_value to_value(napi_env env, int32_t result) {
  napi_value value = nullptr;
  napi_create_int32(env, result, &value);
  return value;
}

}  // namespace kevent::binding
