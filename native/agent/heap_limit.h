// The last moment of a full heap: V8 asks whether it may grow further. The thread stands in the middle of the allocation
// then and waits in our code until it is read from outside; no JavaScript is run.
#pragma once

namespace sleeper {

// On the isolate's thread. `has_successor`: somebody else answers V8's question, too (Node does for Workers); they are asked
// next. V8 only ever asks the last one that was added.
void WatchHeapLimit(void* isolate, bool has_successor);

}  // namespace sleeper
