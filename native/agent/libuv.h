// The seven functions of libuv that Node-API lacks, declared here so that the addon depends on no header but Node-API's.
// All are part of libuv's stable 1.x interface; handles stay opaque. napi_get_uv_event_loop() gives the loop.
#pragma once

#include <cstddef>

struct uv_loop_s;
struct uv_async_s;
struct uv_handle_s;

extern "C" {
size_t uv_handle_size(int type);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_handle_set_data(uv_handle_s* handle, void* data);
int uv_async_init(uv_loop_s* loop, uv_async_s* async, void (*callback)(uv_async_s* async));
int uv_async_send(uv_async_s* async);
void uv_unref(uv_handle_s* handle);
void uv_close(uv_handle_s* handle, void (*callback)(uv_handle_s* handle));
}

namespace sleeper {

// UV_ASYNC of uv_handle_type: the second of the list since libuv 1.0.
inline constexpr int kUvAsync = 1;

inline uv_handle_s* AsHandle(uv_async_s* async) { return reinterpret_cast<uv_handle_s*>(async); }

}  // namespace sleeper
