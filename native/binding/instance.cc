#include "instance.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace kevent::binding {

Instance* Instance::create(napi_env env) {
  std::unique_ptr<Instance> instance(new Instance(env));
  napi_value name;
  if (napi_create_string_utf8(env, "KEVENT", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env, nullptr, name, &instance->context_) != napi_ok) {
    return nullptr;
  }
  auto destroy = [](napi_env, void* data, void*) { delete static_cast<Instance*>(data); };
  if (napi_set_instance_data(env, instance.get(), destroy, nullptr) != napi_ok) return nullptr;
  Instance* owned = instance.release();
  napi_add_async_cleanup_hook(env, on_cleanup, owned, &owned->hook_);
  return owned;
}

Instance::~Instance() = default;

Driver& Instance::driver() {
  if (!driver_) driver_ = Driver::create(env_);
  return *driver_;
}

int Instance::init(napi_value ring, const Memory& memory, uint32_t size, uint32_t flags) {
  std::shared_ptr<OpenQueue> queue;
  int fd = Queues::open(memory, size, flags, &queue);
  return fd < 0 ? fd : hold(fd, std::move(queue), memory.data ? ring : nullptr);
}

int Instance::share(int fd, napi_value ring, const Memory& memory) {
  std::shared_ptr<OpenQueue> queue;
  int result = Queues::share(fd, memory, &queue);
  if (result < 0) return result;
  auto known = held_.find(fd);
  if (known != held_.end() && known->second.queue == queue) {
    Queues::release(*queue);  // once is enough
    return 0;
  }
  result = hold(fd, std::move(queue), memory.data ? ring : nullptr);
  return result < 0 ? result : 0;
}

int Instance::hold(int fd, std::shared_ptr<OpenQueue> queue, napi_value ring) {
  Held held = {std::move(queue), nullptr};
  if (ring && napi_create_reference(env_, ring, 1, &held.ring) != napi_ok) {
    Queues::release(*held.queue);
    return -ENOMEM;
  }
  auto place = held_.find(fd);
  if (place != held_.end()) {
    // An earlier queue of this number, closed by somebody else.
    let_go(place->second);
    place->second = std::move(held);
  } else {
    held_.emplace(fd, std::move(held));
  }
  return fd;
}

int Instance::close(int fd) {
  int result = Queues::close(fd);
  auto place = held_.find(fd);
  // Held here and not closed: then it was a close for another reason, and the ring is in use.
  if (place != held_.end() && place->second.queue->closed()) {
    let_go(place->second);
    held_.erase(place);
  }
  return result;
}

void Instance::let_go(Held& held) {
  Queues::release(*held.queue);
  if (held.ring) napi_delete_reference(env_, held.ring);
}

std::shared_ptr<OpenQueue> Instance::held(int fd) const {
  auto place = held_.find(fd);
  return place == held_.end() || place->second.queue->closed() ? nullptr : place->second.queue;
}

Instance::Outcome Instance::call(napi_ref callback, const double* argument) {
  napi_handle_scope scope;
  if (ending_ || napi_open_handle_scope(env_, &scope) != napi_ok) return Outcome::kCannotRun;
  Outcome outcome = Outcome::kCannotRun;
  napi_value function, global, number;
  if (napi_get_reference_value(env_, callback, &function) == napi_ok && napi_get_global(env_, &global) == napi_ok &&
      (!argument || napi_create_double(env_, *argument, &number) == napi_ok)) {
    napi_status status = napi_make_callback(env_, context_, global, function, argument ? 1 : 0, &number, nullptr);
    napi_value error;
    napi_valuetype type = napi_null;
    if (status == napi_ok) {
      outcome = Outcome::kReturned;
    } else if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) {
      napi_typeof(env_, error, &type);
      // terminate() looks like an exception without a value: then nobody has looked at the events.
      if (type != napi_null && type != napi_undefined) outcome = Outcome::kThrew;
      if (outcome == Outcome::kThrew) napi_fatal_exception(env_, error);
    }
  }
  napi_close_handle_scope(env_, scope);
  return outcome;
}

void Instance::on_cleanup(napi_async_cleanup_hook_handle hook, void* data) {
  Instance* instance = static_cast<Instance*>(data);
  instance->hook_ = hook;
  instance->end();
}

int Instance::open_consumer(int fd) {
  std::shared_ptr<OpenQueue> queue = Queues::find(fd);
  int consumer = kevent_consumer_open(fd, nullptr, nullptr);
  if (consumer >= 0 && queue) consumers_.push_back({std::move(queue), consumer});
  return consumer;
}

int Instance::close_consumer(int fd, int consumer) {
  for (auto entry = consumers_.begin(); entry != consumers_.end(); ++entry) {
    if (entry->queue->fd() != fd || entry->number != consumer || entry->queue->closed()) continue;
    consumers_.erase(entry);
    break;
  }
  return kevent_consumer_close(fd, consumer);
}

void Instance::end() {
  ending_ = true;
  blocking_.reset();
  // Consumers and observers before the queues that they belong to; everything before the loop goes.
  for (auto& handle : handles_->all()) handle->close();
  for (const Consumer& consumer : consumers_) {
    Queues::with(*consumer.queue, [&](int fd) { return kevent_consumer_close(fd, consumer.number); });
  }
  for (auto& entry : held_) let_go(entry.second);
  held_.clear();
  for (int handle : timers_) kevent_timer_delete(handle);
  for (int fd : pidfds_) ::close(fd);
  descriptors_.close_all();
  napi_async_destroy(env_, context_);
  if (driver_) {
    driver_->drain(on_drained, this);
  } else {
    on_drained(this);
  }
}

void Instance::on_drained(void* data) {
  // After this the environment may go at any moment, and this instance with it.
  napi_remove_async_cleanup_hook(static_cast<Instance*>(data)->hook_);
}

}  // namespace kevent::binding
