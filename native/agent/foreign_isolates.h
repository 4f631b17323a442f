// Addons that make V8 isolates of their own, such as isolated-vm.
#pragma once

namespace sleeper {

// True when a loaded library calls one of V8's functions that make an isolate. Looks at the relocations of all libraries but
// Node's own: below a millisecond. Not for signal handlers.
bool HasForeignIsolates();

}  // namespace sleeper
