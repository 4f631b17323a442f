// The isolates of this process that have armed the agent: the main thread and Workers.
//
// Slots are static. A slot is taken and given back on its isolate's own thread; the sleeping thread uses isolate and
// loop only under the slot's lock, so they cannot vanish under it. Each side holds the lock for microseconds.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "text_buffer.h"

namespace sleeper {

inline constexpr size_t kMaxIsolates = 256;

// That of the calling thread; null when V8 does not tell.
void* CurrentIsolate();

// On the isolate's thread: its environment while it is armed, else null.
napi_env EnvironmentOf(void* isolate);

// Adds the isolate of the calling thread; it goes by itself when its environment ends. Harmless when it is there
// already. Returns 0 or -errno: ENOSPC too many isolates, ENOSYS no event loop or no such V8 function.
int RegisterIsolate(napi_env env, int64_t worker_id);

// Takes the calling environment's isolate out. Harmless when there is none.
void UnregisterIsolate(napi_env env);

// Asks the event loop of every isolate for a sign of life and waits until all have answered or the time is over.
void ProbeLoops(int64_t timeout_ms);

// Writes `[{"tid":1,"workerId":0,"address":"0x1f00"}]`, `"loopUs"` of the last ProbeLoops() if wanted. `caller` is the thread
// that a debugger calls from, or 0: it gets `"framePointer"`. The helper's requests have the address as a number.
void WriteProbedIsolates(TextBuffer& out);
void WriteIsolates(TextBuffer& out, int32_t caller, uint64_t frame_pointer);

// True when a tracer is attached to this process or one of its isolates' threads.
bool IsTraced();

// Asks all isolates but the caller's to stand still in our code, where their frames can be read from outside without
// registers. Waits until they do, or `timeout_ms`; threads outside JavaScript never come and need not.
void GatherThreads(int32_t caller, int64_t timeout_ms);
// Lets them go.
void ReleaseThreads();

}  // namespace sleeper
