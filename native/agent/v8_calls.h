// Functions of V8 that Node-API lacks, found by name when first asked for; each may be absent (null). Their signatures are
// those of v8-isolate.h, v8-initialization.h and v8-wasm-trap-handler-posix.h, alike in V8 11.3 to 14.6.
#pragma once

#include <signal.h>

#include <cstddef>
#include <cstdint>

namespace sleeper {

using V8Interrupt = void (*)(void* isolate, void* data);
using V8AbortCallback = bool (*)(void* isolate);
using V8CollectionCallback = void (*)(void* isolate, int type, int flags, void* data);
using V8HeapLimitCallback = size_t (*)(void* data, size_t current_limit, size_t initial_limit);

struct V8Calls {
  // v8::Isolate::GetCurrent()
  void* (*get_current)();
  void (*request_interrupt)(void* isolate, V8Interrupt callback, void* data);
  // v8::V8::SetFlagsFromString()
  void (*set_flags)(const char* flags);
  // v8::ScriptCompiler::CachedDataVersionTag()
  uint32_t (*cached_data_version_tag)();
  void (*set_abort_callback)(void* isolate, V8AbortCallback callback);
  void (*add_heap_limit_callback)(void* isolate, V8HeapLimitCallback callback, void* data);
  void (*remove_heap_limit_callback)(void* isolate, V8HeapLimitCallback callback, size_t limit);
  // v8::Isolate::AddGCPrologueCallback(), with data
  void (*add_collection_callback)(void* isolate, V8CollectionCallback callback, void* data, int types);
  // v8::TryHandleWebAssemblyTrapPosix(). Safe in signal handlers.
  bool (*handle_wasm_trap)(int signal, siginfo_t* info, void* context);
};

// Any thread.
const V8Calls& V8();

}  // namespace sleeper
