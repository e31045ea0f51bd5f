#include "handle.h"

#include <utility>

#include "instance.h"

namespace kevent::binding {

void HandleTable::add(std::shared_ptr<Handle> handle) {
  void* key = handle.get();
  handles_.emplace(key, std::move(handle));
}

void HandleTable::remove(void* handle) {
  if (handle == last_found_) last_found_ = nullptr;
  handles_.erase(handle);
}

Handle* HandleTable::find(void* pointer) {
  if (pointer != last_found_ || !pointer) {
    auto place = handles_.find(pointer);
    if (place == handles_.end()) return nullptr;
    last_found_ = place->second.get();
  }
  return last_found_;
}

std::vector<std::shared_ptr<Handle>> HandleTable::all() const {
  std::vector<std::shared_ptr<Handle>> handles;
  for (const auto& entry : handles_) handles.push_back(entry.second);
  return handles;
}

Handle::Handle(Kind kind, Instance& instance)
    : kind_(kind), env_(instance.env()), instance_(instance), table_(instance.shared_handles()) {}

Handle::~Handle() {
  if (receiver_) napi_delete_reference(env_, receiver_);
}

bool Handle::wrap(napi_value receiver, std::shared_ptr<Handle> handle) {
  Handle& wrapped = *handle;
  if (napi_create_reference(wrapped.env_, receiver, 0, &wrapped.receiver_) != napi_ok ||
      napi_wrap(wrapped.env_, receiver, &wrapped, on_garbage, nullptr, nullptr) != napi_ok) {
    throw_type_error(wrapped.env_, "the receiver cannot be a handle: use new");
    return false;
  }
  wrapped.table_->add(std::move(handle));
  return true;
}

Handle* Handle::of(Instance& instance, napi_value receiver, Kind kind) {
  void* pointer = nullptr;
  // What is wrapped may be another addon's: the pointer is not followed before it is known to be ours.
  if (napi_unwrap(instance.env(), receiver, &pointer) == napi_ok) {
    Handle* handle = instance.handles().find(pointer);
    if (handle && handle->kind_ == kind) return handle;
  }
  throw_type_error(instance.env(), "the method was called on an object of another class");
  return nullptr;
}

void Handle::on_garbage(napi_env, void* data, void*) {
  std::shared_ptr<HandleTable> table = static_cast<Handle*>(data)->table_;
  table->remove(data);
}

void Handle::hold() {
  if (held_) return;
  uint32_t count;
  held_ = napi_reference_ref(env_, receiver_, &count) == napi_ok;
}

void Handle::let_go() {
  if (!held_) return;
  uint32_t count;
  napi_reference_unref(env_, receiver_, &count);
  held_ = false;
}

}  // namespace kevent::binding
