// The slab as ArrayBuffers, and all that a turn of the event loop has to send in one call.
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

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
constexpr uint32_t kMore = 1;
constexpr uint32_t kBufferShift = 1;

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

// One call of naioSend. Looking up a buffer may run JavaScript: an array may have getters, and these may take any memory
// away. So the buffers come first, all of them; what is looked up behind that stays true, as nothing runs any more.
class Sending {
 public:
  Sending(napi_env env, const napi_value* arguments)
      : env_(env), in_words_(arguments[0]), in_arena_(arguments[2]), in_buffers_(arguments[3]) {}

  // False with an exception.
  bool look_up_words() {
    napi_typedarray_type type;
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(env_, in_words_, &type, &length, &data, nullptr, nullptr) != napi_ok ||
        type != napi_int32_array) {
      throw_type_error(env_, "an Int32Array was expected");
      return false;
    }
    entries_ = static_cast<Entry*>(data);
    count_ = length / kWords;
    return true;
  }

  // Those that the first count entries name. May run JavaScript. False with an exception.
  bool look_up_buffers(size_t count) {
    if (std::none_of(entries_, entries_ + count, [](const Entry& entry) { return entry.flags >> kBufferShift; })) {
      return true;
    }
    buffers_.resize(count);
    for (size_t i = 0; i < count; i++) buffers_[i].number = entries_[i].flags >> kBufferShift;
    const Buffer* last = nullptr;
    for (Buffer& buffer : buffers_) {
      if (buffer.number == 0) continue;
      if (last && last->number == buffer.number) {
        buffer.value = last->value;
      } else if (!look_up_buffer(buffer.number - 1, &buffer.value)) {
        return false;
      }
      last = &buffer;
    }
    if (!look_up_words()) return false;
    last = nullptr;
    for (Buffer& buffer : buffers_) {
      if (!buffer.value) continue;
      Memory memory;
      if (last && last->value == buffer.value) {
        buffer.memory = last->memory;
      } else if (look_at_memory(env_, buffer.value, &memory)) {
        buffer.memory = memory;
      }
      last = &buffer;
    }
    return true;
  }

  bool look_up_arena() { return read_memory(env_, in_arena_, &arena_); }

  size_t count() const { return count_; }

  // Sends the group that begins at first, and answers it. Where the next one begins.
  size_t send_group(size_t first, size_t end) {
    iovec iov[KEVENT_NAIO_MAX_IOV];
    kevent_send send = {entries_[first].fd, 0, iov, 0};
    size_t next = first;
    for (bool more = true; more && next < end; next++) {
      Entry entry = entries_[next];
      more = entry.flags & kMore;
      if (send.count == KEVENT_NAIO_MAX_IOV) continue;
      if (!point(entry, next, &iov[send.count++])) send.result = -EFAULT;
    }
    if (send.result == 0) kevent_naio_send(1, &send);
    entries_[first].length = static_cast<uint32_t>(send.result);
    return next;
  }

 private:
  // What an entry is of; nothing for those of the arena.
  struct Buffer {
    uint32_t number = 0;
    napi_value value = nullptr;
    std::optional<Memory> memory;
  };

  // False if the entry is of what is not there.
  bool point(const Entry& entry, size_t index, iovec* place) const {
    std::optional<Memory> memory = arena_;
    // Another thread may have changed the words since the buffers were looked up.
    if (entry.flags >> kBufferShift) memory = index < buffers_.size() ? buffers_[index].memory : std::nullopt;
    if (!memory || entry.from > memory->bytes || entry.length > memory->bytes - entry.from) return false;
    *place = {static_cast<char*>(memory->data) + entry.from, entry.length};
    return true;
  }

  // False with an exception; nullptr if there is none.
  bool look_up_buffer(uint32_t number, napi_value* buffer) {
    if (napi_get_element(env_, in_buffers_, number, buffer) == napi_ok) return true;
    *buffer = nullptr;
    bool thrown = true;
    return napi_is_exception_pending(env_, &thrown) == napi_ok && !thrown;
  }

  const napi_env env_;
  const napi_value in_words_, in_arena_, in_buffers_;
  Entry* entries_ = nullptr;
  size_t count_ = 0;
  Memory arena_;
  std::vector<Buffer> buffers_;
};

// (words, count, arena, buffers)
napi_value send(napi_env env, napi_callback_info info) {
  Arguments<4> in(env, info);
  uint32_t count;
  bool fits = true;
  Sending sending(env, in.values);
  if (!read_u32(env, in.values[1], &count, &fits) || !sending.look_up_words()) return nullptr;
  if (!fits) return to_value(env, -EINVAL);
  if (count > sending.count()) return to_value(env, -EFAULT);
  if (!sending.look_up_buffers(count) || !sending.look_up_arena()) return nullptr;
  size_t end = std::min<size_t>(count, sending.count());
  for (size_t first = 0; first < end;) first = sending.send_group(first, end);
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
