#include "v8_calls.h"

#include <dlfcn.h>

namespace sleeper {

namespace {

template <typename Function>
void Find(Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

V8Calls FindAll() {
  V8Calls calls{};
  Find(calls.get_current, "_ZN2v87Isolate10GetCurrentEv");
  Find(calls.request_interrupt, "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_");
  Find(calls.set_flags, "_ZN2v82V818SetFlagsFromStringEPKc");
  Find(calls.cached_data_version_tag, "_ZN2v814ScriptCompiler20CachedDataVersionTagEv");
  Find(calls.set_abort_callback, "_ZN2v87Isolate35SetAbortOnUncaughtExceptionCallbackEPFbPS0_E");
  Find(calls.add_heap_limit_callback, "_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_");
  Find(calls.remove_heap_limit_callback, "_ZN2v87Isolate27RemoveNearHeapLimitCallbackEPFmPvmmEm");
  Find(calls.add_collection_callback,
       "_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_");
  Find(calls.handle_wasm_trap, "_ZN2v829TryHandleWebAssemblyTrapPosixEiP9siginfo_tPv");
  return calls;
}

}  // namespace

const V8Calls& V8() {
  static const V8Calls calls = FindAll();
  return calls;
}

}  // namespace sleeper
