#include "heap_limit.h"

#include <cstddef>
#include <cstdint>

#include "../in_signal/crash_note.h"
#include "isolate_registry.h"
#include "v8_calls.h"

namespace sleeper {

namespace {

// What V8 gets so that it comes to ask once more, the successor then. Node itself gives 16 MiB for a collection to end in.
constexpr size_t kSuccessorBytes = 32 << 20;

void Report(void* isolate, size_t limit, bool survives) {
  CrashNote* note = ClaimCrashNote();
  if (note == nullptr) return;
  note->isolate = reinterpret_cast<uint64_t>(isolate);
  note->limit_bytes = limit;
  PostCrashNote(*note, CrashKind::kHeapLimit);
  // Else V8 ends the process with SIGABRT, on this thread: kept, the note keeps that from being reported once more.
  if (survives) FreeCrashNote(*note);
}

size_t OnLastLimit(void* isolate, size_t current, size_t) {
  // The limit stays what it is: V8 goes on as it would without us, to its end.
  if (EnvironmentOf(isolate) != nullptr) Report(isolate, current, false);
  return current;
}

size_t OnFirstLimit(void* isolate, size_t current, size_t) {
  if (EnvironmentOf(isolate) != nullptr) Report(isolate, current, true);
  V8().remove_heap_limit_callback(isolate, OnFirstLimit, 0);
  return current + kSuccessorBytes;
}

}  // namespace

void WatchHeapLimit(void* isolate, bool has_successor) {
  const V8Calls& v8 = V8();
  if (v8.add_heap_limit_callback == nullptr || v8.remove_heap_limit_callback == nullptr) return;
  v8.add_heap_limit_callback(isolate, has_successor ? OnFirstLimit : OnLastLimit, isolate);
}

}  // namespace sleeper
