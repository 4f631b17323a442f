// The functions of libuv that Node-API lacks, declared here so that the addon depends on no header but Node-API's.
// All are part of libuv's stable 1.x interface; handles stay opaque. napi_get_uv_event_loop() gives the loop.
#pragma once

#include <cstddef>

struct uv_loop_s;
struct uv_async_s;
struct uv_handle_s;
struct uv_prepare_s;
struct uv_check_s;

extern "C" {
size_t uv_handle_size(int type);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_handle_set_data(uv_handle_s* handle, void* data);
int uv_async_init(uv_loop_s* loop, uv_async_s* async, void (*callback)(uv_async_s* async));
int uv_async_send(uv_async_s* async);
int uv_prepare_init(uv_loop_s* loop, uv_prepare_s* prepare);
int uv_prepare_start(uv_prepare_s* prepare, void (*callback)(uv_prepare_s* prepare));
int uv_check_init(uv_loop_s* loop, uv_check_s* check);
int uv_check_start(uv_check_s* check, void (*callback)(uv_check_s* check));
void uv_unref(uv_handle_s* handle);
void uv_close(uv_handle_s* handle, void (*callback)(uv_handle_s* handle));
}

namespace sleeper {

// Of uv_handle_type, whose order has stood since libuv 1.0 (UV_HANDLE_TYPE_MAP in uv.h).
inline constexpr int kUvAsync = 1;
inline constexpr int kUvCheck = 2;
inline constexpr int kUvPrepare = 9;

inline uv_handle_s* AsHandle(uv_async_s* async) { return reinterpret_cast<uv_handle_s*>(async); }
inline uv_handle_s* AsHandle(uv_prepare_s* prepare) { return reinterpret_cast<uv_handle_s*>(prepare); }
inline uv_handle_s* AsHandle(uv_check_s* check) { return reinterpret_cast<uv_handle_s*>(check); }

}  // namespace sleeper
