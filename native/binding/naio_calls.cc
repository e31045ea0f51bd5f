// The slab as ArrayBuffers, and all that a turn of the event loop has to send in one call.
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "arguments.h"
#include "calls.h"
#include "instance.h"

namespace kevent::binding {
namespace {

// An entry of `words`; lib/abi/binding.ts describes it.
struct Entry {
  int32_t fd;
  uint32_t from;
  uint32_t length;
  uint32_t flags;
};
constexpr size_t kWords = sizeof(Entry) / sizeof(int32_t);
constexpr uint32_t kBuffer = 1;
constexpr uint32_t kMore = 2;

// (fd, block size, blocks)
napi_value slab(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  int fd;
  uint32_t block_size, blocks;
  bool fits = true;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &block_size, &fits) ||
      !read_u32(env, in.values[2], &blocks, &fits)) {
    return nullptr;
  }
  return to_value(env, fits ? kevent_naio_slab(fd, block_size, blocks) : -EINVAL);
}

// (fd, block, keep)
napi_value block(napi_env env, napi_callback_info info) {
  Arguments<3> in(env, info);
  int fd;
  uint32_t number, size;
  bool fits = true, keep;
  if (!read_fd(env, in.values[0], &fd) || !read_u32(env, in.values[1], &number, &fits) ||
      !read_boolean(env, in.values[2], &keep)) {
    return nullptr;
  }
  void* memory;
  int error = fits ? kevent_naio_hold(fd, number, keep, &memory, &size) : -EINVAL;
  if (error < 0) return to_value(env, error);
  napi_value buffer;
  auto release = [](napi_env, void* data, void*) { kevent_naio_release(data); };
  napi_status status = napi_create_external_arraybuffer(env, memory, size, release, nullptr, &buffer);
  if (status == napi_ok) return buffer;
  kevent_naio_release(memory);
  // Some programs that embed Node.js cannot have memory of others in a buffer.
  return to_value(env, status == napi_no_external_buffers_allowed ? -ENOTSUP : -ENOMEM);
}

// One call of naioSend. What JavaScript passes is looked up again whenever code of it may have run: an array may
// have getters, and these may take any memory away.
class Sending {
 public:
  Sending(napi_env env, const napi_value* arguments)
      : env_(env), words_(arguments[0]), arena_(arguments[2]), buffers_(arguments[3]) {}

  // False with an exception.
  bool look_up() {
    napi_typedarray_type type;
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(env_, words_, &type, &length, &data, nullptr, nullptr) != napi_ok ||
        type != napi_int32_array) {
      throw_type_error(env_, "an Int32Array was expected");
      return false;
    }
    entries_ = static_cast<Entry*>(data);
    count_ = length / kWords;
    return read_memory(env_, arena_, &bytes_);
  }

  size_t count() const { return count_; }

  // Sends the group that begins at first, and answers it. Where the next one begins; 0 with an exception.
  size_t send_group(size_t first, size_t end) {
    end = std::min(end, count_);
    size_t next = first;
    size_t size = 0;
    bool in_buffers = false;
    for (bool more = true; more && next < end; next++) {
      more = entries_[next].flags & kMore;
      if (size == KEVENT_NAIO_MAX_IOV) continue;
      group_[size] = entries_[next];
      in_buffers |= (group_[size++].flags & kBuffer) != 0;
    }
    if (in_buffers && (!find_buffers(size) || !look_up())) return 0;
    kevent_send send = {group_[0].fd, static_cast<uint32_t>(size), iov_, -EFAULT};
    if (point(size)) kevent_naio_send(1, &send);
    if (first < count_) entries_[first].length = static_cast<uint32_t>(send.result);
    return next;
  }

 private:
  // May run JavaScript. False with an exception.
  bool find_buffers(size_t size) {
    for (size_t i = 0; i < size; i++) {
      buffer_[i] = nullptr;
      if (!(group_[i].flags & kBuffer)) continue;
      if (napi_get_element(env_, buffers_, group_[i].from, &buffer_[i]) == napi_ok) continue;
      buffer_[i] = nullptr;
      bool thrown = true;
      if (napi_is_exception_pending(env_, &thrown) != napi_ok || thrown) return false;
    }
    return true;
  }

  // False if an entry is of what is not there.
  bool point(size_t size) {
    for (size_t i = 0; i < size; i++) {
      const Entry& entry = group_[i];
      Memory memory;
      if (!(entry.flags & kBuffer)) {
        if (entry.from > bytes_.bytes || entry.length > bytes_.bytes - entry.from) return false;
        iov_[i] = {static_cast<char*>(bytes_.data) + entry.from, entry.length};
      } else {
        if (!buffer_[i] || !look_at_memory(env_, buffer_[i], &memory)) return false;
        iov_[i] = {memory.data, memory.bytes};
      }
    }
    return true;
  }

  const napi_env env_;
  const napi_value words_, arena_, buffers_;
  Entry* entries_ = nullptr;
  size_t count_ = 0;
  Memory bytes_;
  Entry group_[KEVENT_NAIO_MAX_IOV];
  napi_value buffer_[KEVENT_NAIO_MAX_IOV];
  iovec iov_[KEVENT_NAIO_MAX_IOV];
};

// (words, count, arena, buffers)
napi_value send(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  uint32_t count;
  bool fits = true;
  Sending sending(env, in.values);
  if (!read_u32(env, in.values[1], &count, &fits) || !sending.look_up()) return nullptr;
  if (!fits) return to_value(env, -EINVAL);
  if (count > sending.count()) return to_value(env, -EFAULT);
  for (size_t first = 0; first < count && first < sending.count();) {
    first = sending.send_group(first, count);
    if (first == 0) return nullptr;
  }
  return to_value(env, static_cast<int32_t>(count));
}

// (fd, entry)
napi_value close(napi_env env, napi_callback_info info) {
  Arguments<2> in(env, info);
  int fd;
  Memory entry;
  if (!read_fd(env, in.values[0], &fd) || !read_memory(env, in.values[1], &entry)) return nullptr;
  if (entry.bytes < sizeof(ukevent)) return to_value(env, -EFAULT);
  ukevent key;
  memcpy(&key, entry.data, sizeof key);
  int result = kevent_naio_close(fd, &key);
  if (result == 0) in.instance->descriptors().erase(static_cast<int>(key.id.raw[0]));
  return to_value(env, result);
}

constexpr Function kFunctions[] = {
    {"naioSlab", slab},
    {"naioClose", close},
    {"naioBlock", block},
    {"naioSend", send},
};

}  // namespace

Functions naio_calls() { return {kFunctions, sizeof kFunctions / sizeof kFunctions[0]}; }

}  // namespace kevent::binding
