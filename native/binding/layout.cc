// The constants and the layouts as the compiler sees them, for the test that compares lib/abi with them.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstddef>

#include "kevent.h"
#include "calls.h"

namespace kevent::binding {
namespace {

struct Number {
  const char* name;
  double value;
};

#define NUMBER(name) \
  { #name, static_cast<double>(name) }
#define OFFSET(type, field) \
  { #type "." #field, static_cast<double>(offsetof(type, field)) }
#define SIZE(type) \
  { "sizeof " #type, static_cast<double>(sizeof(type)) }

constexpr Number kNumbers[] = {
    NUMBER(KEVENT_SOCKET),
    NUMBER(KEVENT_INODE),
    NUMBER(KEVENT_TIMER),
    NUMBER(KEVENT_POLL),
    NUMBER(KEVENT_NAIO),
    NUMBER(KEVENT_AIO),
    NUMBER(KEVENT_PIPE),
    NUMBER(KEVENT_SIGNAL),
    NUMBER(KEVENT_POSIX_TIMER),
    NUMBER(KEVENT_UNOTIFY),
    NUMBER(KEVENT_MAX),
    NUMBER(KEVENT_REQ_ONESHOT),
    NUMBER(KEVENT_REQ_WAKEUP_ALL),
    NUMBER(KEVENT_REQ_ET),
    NUMBER(KEVENT_REQ_LAST_CHECK),
    NUMBER(KEVENT_REQ_ALWAYS_QUEUE),
    NUMBER(KEVENT_REQ_READY),
    NUMBER(KEVENT_REQ_MUTED),
    NUMBER(KEVENT_RET_BROKEN),
    NUMBER(KEVENT_RET_DONE),
    NUMBER(KEVENT_RET_COPY_FAILED),
    NUMBER(KEVENT_CTL_ADD),
    NUMBER(KEVENT_CTL_REMOVE),
    NUMBER(KEVENT_CTL_MODIFY),
    NUMBER(KEVENT_CTL_READY),
    NUMBER(KEVENT_FLAGS_ABSTIME),
    NUMBER(KEVENT_FLAGS_MONOTONIC),
    NUMBER(KEVENT_FLAGS_BOOTTIME),
    NUMBER(KEVENT_FLAGS_CLOCK_STEP),
    NUMBER(KEVENT_FLAGS_NONBLOCK),
    NUMBER(KEVENT_FLAGS_NO_COLLECT),
    NUMBER(KEVENT_FLAGS_SLICE),
    NUMBER(KEVENT_FLAGS_EXACT),
    NUMBER(KEVENT_TIMER_FIRED),
    NUMBER(KEVENT_TIMER_EXACT),
    NUMBER(KEVENT_TIMER_FIRST),
    NUMBER(KEVENT_TIMER_STEPPED),
    NUMBER(KEVENT_SOCKET_RECV),
    NUMBER(KEVENT_SOCKET_ACCEPT),
    NUMBER(KEVENT_SOCKET_SEND),
    NUMBER(KEVENT_SOCKET_ERR),
    NUMBER(KEVENT_SOCKET_HUP),
    NUMBER(KEVENT_SOCKET_RDHUP),
    NUMBER(KEVENT_INODE_CREATE),
    NUMBER(KEVENT_INODE_REMOVE),
    NUMBER(KEVENT_INODE_ATTRIB),
    NUMBER(KEVENT_INODE_CLOSE_WRITE),
    NUMBER(KEVENT_INODE_CLOSE_NOWRITE),
    NUMBER(KEVENT_INODE_OPEN),
    NUMBER(KEVENT_INODE_MOVED_FROM),
    NUMBER(KEVENT_INODE_MOVED_TO),
    NUMBER(KEVENT_INODE_DELETE_SELF),
    NUMBER(KEVENT_INODE_MOVE_SELF),
    NUMBER(KEVENT_INODE_UNMOUNT),
    NUMBER(KEVENT_INODE_Q_OVERFLOW),
    NUMBER(KEVENT_INODE_IGNORED),
    NUMBER(KEVENT_INODE_ACCESS),
    NUMBER(KEVENT_INODE_MODIFY),
    NUMBER(KEVENT_INODE_ONLYDIR),
    NUMBER(KEVENT_INODE_DONT_FOLLOW),
    NUMBER(KEVENT_INODE_EXCL_UNLINK),
    NUMBER(KEVENT_INODE_ISDIR),
    NUMBER(KEVENT_POLL_POLLIN),
    NUMBER(KEVENT_POLL_POLLPRI),
    NUMBER(KEVENT_POLL_POLLOUT),
    NUMBER(KEVENT_POLL_POLLERR),
    NUMBER(KEVENT_POLL_POLLHUP),
    NUMBER(KEVENT_POLL_POLLNVAL),
    NUMBER(KEVENT_POLL_POLLRDNORM),
    NUMBER(KEVENT_POLL_POLLRDBAND),
    NUMBER(KEVENT_POLL_POLLWRNORM),
    NUMBER(KEVENT_POLL_POLLWRBAND),
    NUMBER(KEVENT_POLL_POLLMSG),
    NUMBER(KEVENT_POLL_POLLREMOVE),
    NUMBER(KEVENT_POLL_POLLRDHUP),
    NUMBER(KEVENT_AIO_BIO),
    NUMBER(KEVENT_SIGNAL_DELIVERY),
    NUMBER(KEVENT_TIMER_ABSTIME),
    NUMBER(KEVENT_TIMER_CANCEL_ON_SET),
    NUMBER(KEVENT_MASK_ALL),
    NUMBER(KEVENT_MASK_EMPTY),
    NUMBER(KEVENT_MAX_KEVENTS),
    NUMBER(KEVENT_MAX_RING),
    NUMBER(KEVENT_MAX_CONSUMERS),
    NUMBER(KEVENT_MAX_SAME_FD),
    NUMBER(KEVENT_MAX_PAYLOAD),
    NUMBER(KEVENT_MAX_GROUP_RECORDS),
    NUMBER(KEVENT_KEPT_PAYLOADS),
    NUMBER(KEVENT_MAX_SIGINFO),
    NUMBER(KEVENT_NAIO_WHAT_SHIFT),
    NUMBER(KEVENT_NAIO_BLOCK_SHIFT),
    NUMBER(KEVENT_NAIO_BLOCK_SIZE),
    NUMBER(KEVENT_NAIO_BLOCKS),
    NUMBER(KEVENT_NAIO_MIN_BLOCK_SIZE),
    NUMBER(KEVENT_NAIO_MAX_BLOCK_SIZE),
    NUMBER(KEVENT_NAIO_MAX_BLOCKS),
    NUMBER(KEVENT_NAIO_MOST_SHARED),
    NUMBER(KEVENT_NAIO_MAX_IOV),
    NUMBER(SOL_SOCKET),
    NUMBER(IPPROTO_TCP),
    NUMBER(IPPROTO_IPV6),
    NUMBER(SO_ERROR),
    NUMBER(SO_REUSEADDR),
    NUMBER(SO_REUSEPORT),
    NUMBER(SO_KEEPALIVE),
    NUMBER(SO_SNDBUF),
    NUMBER(SO_RCVBUF),
    NUMBER(SO_TYPE),
    NUMBER(SO_ACCEPTCONN),
    NUMBER(TCP_NODELAY),
    NUMBER(TCP_CORK),
    NUMBER(TCP_KEEPIDLE),
    NUMBER(TCP_KEEPINTVL),
    NUMBER(TCP_KEEPCNT),
    NUMBER(TCP_USER_TIMEOUT),
    NUMBER(IPV6_V6ONLY),
    SIZE(ukevent),
    OFFSET(ukevent, id),
    OFFSET(ukevent, type),
    OFFSET(ukevent, event),
    OFFSET(ukevent, req_flags),
    OFFSET(ukevent, ret_flags),
    OFFSET(ukevent, ret_data),
    OFFSET(ukevent, user),
    OFFSET(ukevent, ptr),
    SIZE(kevent_ring),
    OFFSET(kevent_ring, ring_kidx),
    OFFSET(kevent_ring, ring_over),
    OFFSET(kevent_ring, event),
    SIZE(kevent_inode_record),
    OFFSET(kevent_inode_record, mask),
    OFFSET(kevent_inode_record, cookie),
    OFFSET(kevent_inode_record, length),
    OFFSET(kevent_inode_record, next),
    OFFSET(kevent_inode_record, wd),
    OFFSET(kevent_inode_record, name),
    SIZE(kevent_signal_record),
    OFFSET(kevent_signal_record, signo),
    OFFSET(kevent_signal_record, code),
    OFFSET(kevent_signal_record, pid),
    OFFSET(kevent_signal_record, uid),
    OFFSET(kevent_signal_record, value),
    OFFSET(kevent_signal_record, status),
    SIZE(kevent_statistics),
};

}  // namespace

napi_value layout(napi_env env, napi_callback_info) {
  napi_value object, value;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  for (const Number& number : kNumbers) {
    if (napi_create_double(env, number.value, &value) == napi_ok) {
      napi_set_named_property(env, object, number.name, value);
    }
  }
  if (napi_create_bigint_uint64(env, KEVENT_INODE_GROUP, &value) == napi_ok) {
    napi_set_named_property(env, object, "KEVENT_INODE_GROUP", value);
  }
  if (napi_create_bigint_uint64(env, KEVENT_SIGNAL_NOMASK, &value) == napi_ok) {
    napi_set_named_property(env, object, "KEVENT_SIGNAL_NOMASK", value);
  }
  return object;
}

}  // namespace kevent::binding
