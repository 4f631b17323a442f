// Keeps the stack of a throw that no JavaScript will catch: V8 asks, before it unwinds, whether it should abort. The answer
// is always no; meanwhile the stack is copied, in which all frames still stand with their values, and with it the part of
// the isolate that tells where they begin. That takes microseconds. Whether the error ends the program is known only later,
// from Node: then a helper process reads this copy together with the heap, which is as it was: hardly any JavaScript runs in
// between. Only a garbage collection moves objects away from under the copy. Collections are counted, and the helper looks at
// the count when this thread waits and none can come any more; one scavenge it can undo (src/reader/kept-stack.ts).
#pragma once

#include <cstddef>
#include <cstdint>

#include "text_buffer.h"

namespace sleeper {

// On the isolate's thread. Returns 0 or -ENOSYS: V8 has no such function here.
int WatchThrows(void* isolate);

// No copies any more, in the whole process: addons with isolates of their own would be aborted by V8's flag.
void StopWatchingThrows();

// Writes what was kept of the last throw of the calling thread, as the helper's request has it:
// `{"isolate":N,"collections":{"at":N,"scavenges":N,"others":N},"ranges":[{"address":N,"at":N,"bytes":N}],"copy":N}`; two
// uint32 `at` an address count on from the numbers of the throw. Nothing when there is none. It stays as it is until this thread
// throws again, or, when another thread throws, as long as `in_use`.
// With `copies`, `copy` is the pid of a copy of the process with the heap of this moment; absent when there can be none.
void WriteThrow(TextBuffer& out, bool copies);
// Ends the copy, too.
void ReleaseThrow();

// Between the report of an error and the end of the handlers for it: a throw now is a second fault, and nobody will ask
// about it later. `error` is the first one's record, JSON. Empty: the handlers are done.
void SetOpenError(const char* error, size_t length);
// That record, for the report of the second fault; empty when it was too long.
const char* OpenError();

}  // namespace sleeper
