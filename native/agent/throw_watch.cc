#include "throw_watch.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "../in_signal/crash_note.h"
#include "flag_hash.h"
#include "isolate_registry.h"
#include "memory_copy.h"
#include "v8_calls.h"
#include "wait_word.h"

namespace sleeper {

namespace {

// V8 uses less than this of a stack by default. Of a longer one the outer part is read where it is.
constexpr size_t kStackBytes = 1 << 20;
// The fields that tell where JavaScript was left lie within the first half of this in V8 11.3 to 14.6.
constexpr size_t kIsolateBytes = 1024;
// Node tells of an uncaught error right after the throw; what is older belongs to another one.
constexpr int64_t kFreshNs = 1 * kNsPerSecond;
constexpr size_t kErrorBytes = 64 * 1024;
// v8::GCType: scavenges, minor and major collections, weak processing. Incremental steps move nothing.
constexpr int kScavenge = 1;
constexpr int kMovingCollections = kScavenge | 2 | 4 | 16;

// Of one isolate. The helper reads this from outside, while the thread waits for it: see WriteThrow().
struct Collections {
  uint32_t scavenges;
  uint32_t others;
};

struct KeptThrow {
  pid_t tid;
  void* isolate;
  Collections collections;
  int64_t kept_ns;
  uintptr_t stack_at;
  size_t stack_length;
  char stack[kStackBytes];
  char isolate_bytes[kIsolateBytes];
};

std::atomic<bool> watching{false};
std::atomic<bool> given_up{false};
// Guards `kept`. Never waited for at a throw: of Workers that throw at the same time one is kept.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
KeptThrow kept;
bool in_use = false;

thread_local uintptr_t stack_end = 0;
thread_local Collections collections{};

// The error whose handlers run now, in which thread. Written and read on that thread, or while it waits for its report.
std::atomic<pid_t> open_tid{0};
char open_error[kErrorBytes];

pid_t ThreadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

void OnCollection(void*, int type, int, void*) { (type == kScavenge ? collections.scavenges : collections.others)++; }

uintptr_t FindStackEnd() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* start = nullptr;
  size_t size = 0;
  pthread_attr_getstack(&attributes, &start, &size);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<uintptr_t>(start) + size;
}

// Everything above this frame: those of V8's throw, of JavaScript, and of what called it.
void KeepThrow(void* isolate) {
  auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (stack_end <= here || pthread_mutex_trylock(&mutex) != 0) return;
  if (!in_use) {
    size_t length = stack_end - here;
    kept.tid = ThreadId();
    kept.isolate = isolate;
    kept.collections = collections;
    kept.kept_ns = MonotonicNs();
    kept.stack_at = here;
    kept.stack_length = length < kStackBytes ? length : kStackBytes;
    memcpy(kept.stack, reinterpret_cast<const void*>(here), kept.stack_length);
    memcpy(kept.isolate_bytes, isolate, kIsolateBytes);
  }
  pthread_mutex_unlock(&mutex);
}

// The handlers of an error have failed themselves. The process ends without a further question, so the report is due now;
// this thread waits in the middle of the throw, where it can be read as it is.
void ReportSecondFault() {
  CrashNote* note = ClaimCrashNote();
  if (note == nullptr) return;
  PostCrashNote(*note, CrashKind::kSecondFault);
  FreeCrashNote(*note);
}

// On the isolate's thread, in the middle of a throw. C++ only.
bool OnUncaught(void* isolate) {
  if (!watching.load() || EnvironmentOf(isolate) == nullptr) return false;
  int error = errno;
  pid_t self = ThreadId();
  if (open_tid.compare_exchange_strong(self, 0)) ReportSecondFault();
  KeepThrow(isolate);
  errno = error;
  return false;
}

void AddRange(TextBuffer& out, uintptr_t address, const void* at, size_t bytes) {
  out.Add("{\"address\":").AddNumber(static_cast<int64_t>(address));
  out.Add(",\"at\":").AddNumber(static_cast<int64_t>(reinterpret_cast<uintptr_t>(at)));
  out.Add(",\"bytes\":").AddNumber(static_cast<int64_t>(bytes)).Add("}");
}

}  // namespace

int WatchThrows(void* isolate) {
  const V8Calls& v8 = V8();
  if (!v8.set_flags || !v8.set_abort_callback || !v8.add_collection_callback) return -ENOSYS;
  stack_end = FindStackEnd();
  v8.add_collection_callback(isolate, OnCollection, nullptr, kMovingCollections);
  // First the callback: without one, V8 takes the flag at its word.
  v8.set_abort_callback(isolate, OnUncaught);
  if (given_up.load()) return 0;
  if (!watching.exchange(true)) SetNeutralFlag("--abort-on-uncaught-exception");
  return 0;
}

void StopWatchingThrows() {
  given_up.store(true);
  if (watching.exchange(false)) V8().set_flags("--no-abort-on-uncaught-exception");
}

void WriteThrow(TextBuffer& out, bool copies) {
  pthread_mutex_lock(&mutex);
  if (kept.tid == ThreadId() && MonotonicNs() - kept.kept_ns < kFreshNs) {
    in_use = true;
    out.Add("{\"isolate\":").AddNumber(static_cast<int64_t>(reinterpret_cast<uintptr_t>(kept.isolate)));
    out.Add(",\"collections\":{\"at\":").AddNumber(static_cast<int64_t>(reinterpret_cast<uintptr_t>(&collections)));
    out.Add(",\"scavenges\":").AddNumber(kept.collections.scavenges);
    out.Add(",\"others\":").AddNumber(kept.collections.others).Add("},\"ranges\":[");
    AddRange(out, kept.stack_at, kept.stack, kept.stack_length);
    out.Add(",");
    AddRange(out, reinterpret_cast<uintptr_t>(kept.isolate), kept.isolate_bytes, kIsolateBytes);
    out.Add("]");
    pid_t copy = copies ? MakeMemoryCopy() : 0;
    if (copy > 0) out.Add(",\"copy\":").AddNumber(copy);
    out.Add("}");
  }
  pthread_mutex_unlock(&mutex);
}

void ReleaseThrow() {
  EndMemoryCopy();
  pthread_mutex_lock(&mutex);
  if (kept.tid == ThreadId()) {
    in_use = false;
    kept.tid = 0;
  }
  pthread_mutex_unlock(&mutex);
}

void SetOpenError(const char* error, size_t length) {
  size_t used = length < kErrorBytes ? length : 0;
  memcpy(open_error, error, used);
  open_error[used] = '\0';
  open_tid.store(length == 0 ? 0 : ThreadId());
}

const char* OpenError() { return open_error; }

}  // namespace sleeper
