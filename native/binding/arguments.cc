#include "arguments.h"

#include <cstring>

namespace kevent::binding {
namespace {

size_t element_size(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 1;
  }
}

// A growable buffer cannot shrink, but its views follow its length: refused, so that what is
// checked once stays true.
bool is_fixed_shared(napi_env env, napi_value buffer) {
  bool unshared = true;
  if (napi_is_arraybuffer(env, buffer, &unshared) != napi_ok || unshared) return false;
  napi_value growable;
  bool grows = false;
  if (napi_get_named_property(env, buffer, "growable", &growable) != napi_ok) return false;
  napi_get_value_bool(env, growable, &grows);  // undefined where buffers cannot grow yet
  return !grows;
}

}  // namespace

void throw_type_error(napi_env env, const char* message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
}

bool read_boolean(napi_env env, napi_value value, bool* out) {
  if (napi_get_value_bool(env, value, out) == napi_ok) return true;
  throw_type_error(env, "a boolean was expected");
  return false;
}

bool look_at_memory(napi_env env, napi_value value, Memory* out) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return false;
  out->bytes = length * element_size(type);
  out->data = out->bytes == 0 ? nullptr : data;
  return true;
}

bool read_memory(napi_env env, napi_value value, Memory* out) {
  if (look_at_memory(env, value, out)) return true;
  throw_type_error(env, "a typed array was expected");
  return false;
}

bool read_memory_or_null(napi_env env, napi_value value, Memory* out) {
  *out = Memory();
  return is_null(env, value) || read_memory(env, value, out);
}

bool read_doubles(napi_env env, napi_value value, size_t count, double** out, bool* fits) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  napi_status status = napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_float64_array) {
    throw_type_error(env, "a Float64Array was expected");
    return false;
  }
  *out = static_cast<double*>(data);
  if (length < count) *fits = false;
  return true;
}

bool read_fixed_memory(napi_env env, napi_value value, Memory* out) {
  if (!read_memory(env, value, out)) return false;
  napi_typedarray_type type;
  napi_value buffer;
  if (napi_get_typedarray_info(env, value, &type, nullptr, nullptr, &buffer, nullptr) == napi_ok &&
      is_fixed_shared(env, buffer)) {
    return true;
  }
  throw_type_error(env, "a typed array over a SharedArrayBuffer that is not growable was expected");
  return false;
}

bool read_text(napi_env env, napi_value value, char* text, size_t capacity, size_t* length) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_string) {
    if (napi_get_value_string_utf8(env, value, nullptr, 0, length) != napi_ok) return false;
    if (*length < capacity) napi_get_value_string_utf8(env, value, text, capacity, length);
    return true;
  }
  Memory bytes;
  if (!read_memory(env, value, &bytes)) return false;
  *length = bytes.bytes;
  if (*length > 0 && *length <= capacity) std::memcpy(text, bytes.data, *length);
  return true;
}

bool is_null(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && (type == napi_null || type == napi_undefined);
}

bool is_function(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_function;
}

}  // namespace kevent::binding
