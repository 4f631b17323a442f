#include "isolate_registry.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "alternate_stack.h"
#include "flight_recorder.h"
#include "libuv.h"
#include "tracer_check.h"
#include "v8_calls.h"
#include "wait_word.h"

namespace sleeper {

namespace {

// How long a thread that was asked to stand still does so when nobody releases it.
constexpr int64_t kStandLimitMs = 1500;
// How long the sleeping thread waits for a slot whose owner was stopped by a debugger while it held the lock.
constexpr int64_t kLockLimitMs = 100;

struct Slot {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  std::atomic<bool> used{false};
  napi_env env = nullptr;
  napi_async_cleanup_hook_handle cleanup = nullptr;
  void* isolate = nullptr;
  pid_t tid = 0;
  int64_t worker_id = 0;
  uv_async_s* async = nullptr;
  std::atomic<int64_t> asked_ns{0};
  // 0 until the loop has answered the last question.
  std::atomic<int64_t> answered_ns{0};
  // The gathering at which the thread stands in our code; 0 when it does not.
  std::atomic<uint32_t> stands_at{0};
};

Slot slots[kMaxIsolates];
pthread_mutex_t registration_mutex = PTHREAD_MUTEX_INITIALIZER;
// Advanced by every answer of a loop and every arrival of a thread.
WaitWord news;
// Odd while threads are asked to stand still.
WaitWord gathering;

// The lock as seen from the sleeping thread: bounded, and only on a slot in use.
class SlotLock {
 public:
  explicit SlotLock(Slot& slot) : slot_(slot) {
    timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + kLockLimitMs * kNsPerMs;
    until.tv_sec += ns / kNsPerSecond;
    until.tv_nsec = ns % kNsPerSecond;
    locked_ = slot_.used.load() && pthread_mutex_timedlock(&slot_.mutex, &until) == 0;
  }
  ~SlotLock() {
    if (locked_) pthread_mutex_unlock(&slot_.mutex);
  }
  SlotLock(const SlotLock&) = delete;
  SlotLock& operator=(const SlotLock&) = delete;
  bool usable() const { return locked_ && slot_.used.load(); }

 private:
  Slot& slot_;
  bool locked_;
};

// On the isolate's thread, when its loop turns.
void OnAsync(uv_async_s* async) {
  auto& slot = *static_cast<Slot*>(uv_handle_get_data(AsHandle(async)));
  slot.answered_ns.store(MonotonicNs());
  news.Advance();
}

// On the isolate's thread, in a stack check or runtime call. C++ only: V8 forbids JavaScript here.
void StandStill(void* isolate, void* data) {
  auto& slot = *static_cast<Slot*>(data);
  uint32_t here = gathering.Load();
  // Served late, after the release, or for another isolate that had the slot.
  if ((here & 1) == 0 || slot.isolate != isolate) return;
  int64_t deadline = MonotonicNs() + kStandLimitMs * kNsPerMs;
  slot.stands_at.store(here);
  news.Advance();
  while (gathering.Load() == here && gathering.Wait(here, deadline)) {
  }
  slot.stands_at.store(0);
}

Slot* FindSlot(napi_env env) {
  for (Slot& slot : slots) {
    if (slot.used.load() && slot.env == env) return &slot;
  }
  return nullptr;
}

void FreeHandle(uv_handle_s* handle) {
  // The environment may end now; until here it waits for us.
  napi_remove_async_cleanup_hook(static_cast<napi_async_cleanup_hook_handle>(uv_handle_get_data(handle)));
  free(handle);
}

// On the isolate's thread. Once `used` is false another thread may take the slot, so that comes last.
void Close(Slot& slot) {
  // The thread runs no JavaScript of ours any more: a Worker's environment ends, terminated or not, or the program has disarmed.
  ReleaseRequests(slot.worker_id);
  pthread_mutex_lock(&slot.mutex);
  uv_async_s* async = slot.async;
  uv_handle_set_data(AsHandle(async), slot.cleanup);
  slot.async = nullptr;
  slot.cleanup = nullptr;
  slot.used.store(false);
  pthread_mutex_unlock(&slot.mutex);
  news.Advance();
  uv_close(AsHandle(async), FreeHandle);
  TakeAlternateStack();
}

void OnEnvironmentEnd(napi_async_cleanup_hook_handle handle, void* data) {
  auto& slot = *static_cast<Slot*>(data);
  // Not ours any more when the program has disarmed; then FreeHandle() is under way.
  if (slot.used.load() && slot.cleanup == handle) Close(slot);
}

int Fill(Slot& slot, napi_env env, int64_t worker_id, void* isolate) {
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return -ENOSYS;
  auto* async = static_cast<uv_async_s*>(calloc(1, uv_handle_size(kUvAsync)));
  if (async == nullptr) return -ENOMEM;
  int error = uv_async_init(loop, async, OnAsync);
  if (error != 0) {
    free(async);
    return error;
  }
  uv_handle_set_data(AsHandle(async), &slot);
  uv_unref(AsHandle(async));
  slot.env = env;
  slot.isolate = isolate;
  slot.tid = static_cast<pid_t>(syscall(SYS_gettid));
  slot.worker_id = worker_id;
  slot.async = async;
  slot.asked_ns.store(0);
  slot.answered_ns.store(0);
  slot.stands_at.store(0);
  slot.used.store(true);
  if (napi_add_async_cleanup_hook(env, OnEnvironmentEnd, &slot, &slot.cleanup) == napi_ok) return 0;
  slot.used.store(false);
  uv_close(AsHandle(async), [](uv_handle_s* handle) { free(handle); });
  return -ENOSYS;
}

void AskLoops() {
  for (Slot& slot : slots) {
    SlotLock lock(slot);
    if (!lock.usable()) continue;
    slot.answered_ns.store(0);
    slot.asked_ns.store(MonotonicNs());
    uv_async_send(slot.async);
  }
}

bool AllLoopsAnswered() {
  for (Slot& slot : slots) {
    if (slot.used.load() && slot.answered_ns.load() == 0) return false;
  }
  return true;
}

// The members that every list of isolates has, the address left open.
void WriteIdentity(TextBuffer& out, const Slot& slot) {
  out.Add(out.data()[out.length() - 1] == '[' ? "{" : ",{");
  out.Add("\"tid\":").AddNumber(slot.tid).Add(",\"workerId\":").AddNumber(slot.worker_id).Add(",\"address\":");
}

}  // namespace

void* CurrentIsolate() { return V8().get_current == nullptr ? nullptr : V8().get_current(); }

napi_env EnvironmentOf(void* isolate) {
  for (Slot& slot : slots) {
    if (slot.used.load() && slot.isolate == isolate) return slot.env;
  }
  return nullptr;
}

int RegisterIsolate(napi_env env, int64_t worker_id) {
  void* isolate = CurrentIsolate();
  if (isolate == nullptr) return -ENOSYS;
  int result = -ENOSPC;
  pthread_mutex_lock(&registration_mutex);
  if (FindSlot(env) != nullptr) result = 0;
  for (size_t i = 0; i < kMaxIsolates && result == -ENOSPC; i++) {
    if (!slots[i].used.load()) result = Fill(slots[i], env, worker_id, isolate);
  }
  pthread_mutex_unlock(&registration_mutex);
  return result;
}

void UnregisterIsolate(napi_env env) {
  pthread_mutex_lock(&registration_mutex);
  Slot* slot = FindSlot(env);
  pthread_mutex_unlock(&registration_mutex);
  if (slot != nullptr) Close(*slot);
}

void ProbeLoops(int64_t timeout_ms) {
  int64_t deadline = MonotonicNs() + timeout_ms * kNsPerMs;
  AskLoops();
  for (;;) {
    uint32_t seen = news.Load();
    if (AllLoopsAnswered() || !news.Wait(seen, deadline)) return;
  }
}

void WriteProbedIsolates(TextBuffer& out) {
  out.Add("[");
  for (Slot& slot : slots) {
    SlotLock lock(slot);
    if (!lock.usable()) continue;
    WriteIdentity(out, slot);
    out.Add("\"0x").AddHex(reinterpret_cast<uintptr_t>(slot.isolate)).Add("\",\"loopUs\":");
    int64_t answered = slot.answered_ns.load();
    if (answered == 0) {
      out.Add("null}");
    } else {
      out.AddNumber((answered - slot.asked_ns.load()) / 1000).Add("}");
    }
  }
  out.Add("]");
}

void WriteIsolates(TextBuffer& out, int32_t caller, uint64_t frame_pointer) {
  out.Add("[");
  for (Slot& slot : slots) {
    SlotLock lock(slot);
    if (!lock.usable()) continue;
    WriteIdentity(out, slot);
    out.AddNumber(static_cast<int64_t>(reinterpret_cast<uintptr_t>(slot.isolate)));
    if (slot.tid == caller && frame_pointer != 0) {
      out.Add(",\"framePointer\":").AddNumber(static_cast<int64_t>(frame_pointer));
    }
    out.Add("}");
  }
  out.Add("]");
}

bool IsTraced() {
  if (HasTracer("/proc/self/status") || HasTracer("/proc/thread-self/status")) return true;
  for (Slot& slot : slots) {
    if (!slot.used.load()) continue;
    char path[64];
    TextBuffer(path, sizeof path).Add("/proc/self/task/").AddNumber(slot.tid).Add("/status");
    if (HasTracer(path)) return true;
  }
  return false;
}

void GatherThreads(int32_t caller, int64_t timeout_ms) {
  if (V8().request_interrupt == nullptr) return;
  int64_t deadline = MonotonicNs() + timeout_ms * kNsPerMs;
  uint32_t here = gathering.Advance();
  bool asked[kMaxIsolates] = {};
  for (size_t i = 0; i < kMaxIsolates; i++) {
    if (slots[i].tid == caller) continue;
    SlotLock lock(slots[i]);
    asked[i] = lock.usable();
    if (asked[i]) V8().request_interrupt(slots[i].isolate, StandStill, &slots[i]);
  }
  for (;;) {
    uint32_t seen = news.Load();
    bool all_stand = true;
    for (size_t i = 0; i < kMaxIsolates; i++) {
      if (asked[i] && slots[i].used.load() && slots[i].stands_at.load() != here) all_stand = false;
    }
    if (all_stand || !news.Wait(seen, deadline)) return;
  }
}

void ReleaseThreads() {
  if ((gathering.Load() & 1) != 0) gathering.Advance();
}

}  // namespace sleeper
