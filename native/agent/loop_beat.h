// Keeps the flight recorder's account of the event loop of each thread that has armed the agent: whether it polls or works,
// and for how long; once a second of work, an entry with the longest stretch, garbage collection and memory.
//
// It has no timer: libuv's prepare and check handles call back when the loop turns anyway, V8 when it has collected. A
// loop that sleeps is not woken. All on the isolate's own thread, but what stands in the recorder, which anybody may read.
#pragma once

#include <node_api.h>

#include <cstdint>

namespace sleeper {

// Begins. Ends by itself with the environment. Returns 0 or -errno: ENOSPC too many loops, ENOSYS no event loop.
int StartLoopBeat(napi_env env, int64_t worker_id);

// Ends it in the calling thread. Harmless when there is none.
void StopLoopBeat();

}  // namespace sleeper
