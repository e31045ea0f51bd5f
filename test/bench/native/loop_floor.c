/*
 * An addon: start(callback) serves echo on a port of its own, from the event loop that it is loaded into, and returns the
 * port. It receives and sends in C, and calls the callback, without arguments, for each message in between: what a
 * server costs at least that hands its messages to JavaScript.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <node_api.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

static uv_loop_t *loop;
static napi_env env;
static napi_ref callback;
static napi_async_context context;

static int fd_of(const void *handle) { return (int)(intptr_t)((const uv_handle_t *)handle)->data; }

static void call(void) {
  napi_handle_scope scope;
  napi_value function, global;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, callback, &function);
  napi_get_global(env, &global);
  napi_make_callback(env, context, global, function, 0, NULL, NULL);
  napi_close_handle_scope(env, scope);
}

static void closed(uv_handle_t *handle) {
  close(fd_of(handle));
  free(handle);
}

static void readable(uv_poll_t *poll, int status, int events) {
  (void)status, (void)events;
  static char bytes[64 * 1024];
  ssize_t length = recv(fd_of(poll), bytes, sizeof bytes, MSG_DONTWAIT);
  if (length <= 0) return uv_close((uv_handle_t *)poll, closed);
  call();
  if (send(fd_of(poll), bytes, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) != length) abort();
}

static void watch(int fd, uv_poll_cb told) {
  uv_poll_t *poll = malloc(sizeof *poll);
  if (!poll || uv_poll_init(loop, poll, fd) < 0) abort();
  poll->data = (void *)(intptr_t)fd;
  uv_poll_start(poll, UV_READABLE, told);
}

static void acceptable(uv_poll_t *poll, int status, int events) {
  (void)status, (void)events;
  int on = 1;
  for (int fd; (fd = accept4(fd_of(poll), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(fd, readable);
  }
}

static napi_value start(napi_env of, napi_callback_info info) {
  size_t count = 1;
  napi_value function, name, port;
  env = of;
  napi_get_cb_info(env, info, &count, &function, NULL, NULL);
  napi_create_reference(env, function, 1, &callback);
  napi_create_string_utf8(env, "FLOOR", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &context);
  napi_get_uv_event_loop(env, &loop);

  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 511) < 0) abort();
  getsockname(listener, (struct sockaddr *)&address, &length);
  watch(listener, acceptable);
  napi_create_uint32(env, ntohs(address.sin_port), &port);
  return port;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "start", NAPI_AUTO_LENGTH, start, NULL, &function);
  napi_set_named_property(env, exports, "start", function);
  return exports;
}
