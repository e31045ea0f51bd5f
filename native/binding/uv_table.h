// libuv, found at run time: the binary has to load in processes that do not have it.
#pragma once

#include <uv.h>

namespace kevent::binding {

struct Uv {
  decltype(&::uv_poll_init) poll_init;
  decltype(&::uv_poll_start) poll_start;
  decltype(&::uv_poll_stop) poll_stop;
  decltype(&::uv_async_init) async_init;
  decltype(&::uv_async_send) async_send;
  decltype(&::uv_close) close;
  decltype(&::uv_ref) ref;
  decltype(&::uv_unref) unref;
  decltype(&::uv_handle_size) handle_size;
  decltype(&::uv_handle_get_data) get_data;
  decltype(&::uv_handle_set_data) set_data;

  // nullptr unless all of it is there.
  static const Uv* find();
};

}  // namespace kevent::binding
