// Signals that end the process: the thread that gets one leaves a note (crash_note.h), waits for the report, and then gives
// the signal back to whoever had it before us, so that exit status, core file and messages are what they would have been.
//
// All threads of the process share the handlers. They run on the thread's alternate stack where it has one, else on its
// own. Nothing is allocated or locked, and no standard I/O is used.
#pragma once

#include <signal.h>

#include "crash_note.h"

namespace sleeper {

using WasmTrapHandler = bool (*)(int signal, siginfo_t* info, void* context);

// Puts the handlers in place, once. `handle_wasm_trap` tells accesses out of the bounds of a WebAssembly memory from faults
// and sets them right; null: V8 has none here, and then a SIGSEGV that somebody handles already is left to them.
void InstallFatalSignals(WasmTrapHandler handle_wasm_trap);

SIGNAL_SAFE void OnFatalSignal(int signal, siginfo_t* info, void* context);

}  // namespace sleeper
