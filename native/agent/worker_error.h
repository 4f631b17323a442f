// The last error that a Worker died of. Node hands it to the main thread, which mostly dies of it, too: known again there, it
// is not reported twice.
#pragma once

#include <cstddef>

namespace sleeper {

// On the Worker's thread, when its error is reported. `stack` is the text of error.stack.
void NoteWorkerError(const char* stack, size_t length);

// True when this is the stack of the error noted last, a short time ago.
bool IsWorkerError(const char* stack, size_t length);

}  // namespace sleeper
