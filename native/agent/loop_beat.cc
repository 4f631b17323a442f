#include "loop_beat.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "debugger_calls.h"
#include "flight_recorder.h"
#include "libuv.h"
#include "wait_word.h"

namespace sleeper {

namespace {

// Time after which the account of a loop that turns is written down.
constexpr int64_t kEntryUs = 1'000'000;
// v8::GCType kGCTypeAll: the types are single bits, five of them in Node 20 to 26 (v8-callbacks.h).
constexpr int kAllCollections = 31;
// v8::HeapStatistics begins with total_heap_size, total_heap_size_executable, total_physical_size, total_available_size,
// used_heap_size, in Node 20 to 26 (v8-statistics.h); it is 112 to 128 bytes long.
constexpr size_t kUsedHeapWord = 4;
constexpr size_t kStatisticsWords = 64;

using CollectionCallback = void (*)(void* isolate, int type, int flags, void* data);
using AddCallbackFunction = void (*)(void* isolate, CollectionCallback callback, void* data, int types);
using RemoveCallbackFunction = void (*)(void* isolate, CollectionCallback callback, void* data);

// Functions of V8 that Node-API lacks. Each may be absent; then what it would tell is not recorded.
struct HeapFunctions {
  void* (*current)();
  AddCallbackFunction add_prologue;
  AddCallbackFunction add_epilogue;
  RemoveCallbackFunction remove_prologue;
  RemoveCallbackFunction remove_epilogue;
  void (*statistics)(void* isolate, void* out);
  void (*make_statistics)(void* out);
};

template <typename Function>
void Find(const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

const HeapFunctions& V8() {
  static const HeapFunctions functions = [] {
    HeapFunctions found;
    Find("_ZN2v87Isolate10GetCurrentEv", found.current);
    Find("_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_", found.add_prologue);
    Find("_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_", found.add_epilogue);
    Find("_ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_", found.remove_prologue);
    Find("_ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_", found.remove_epilogue);
    Find("_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE", found.statistics);
    Find("_ZN2v814HeapStatisticsC1Ev", found.make_statistics);
    return found;
  }();
  return functions;
}

bool CanWatchCollections() {
  const HeapFunctions& v8 = V8();
  return v8.add_prologue && v8.add_epilogue && v8.remove_prologue && v8.remove_epilogue;
}

int64_t NowUs() { return MonotonicNs() / 1000; }

struct Beat {
  uv_prepare_s* prepare;
  uv_check_s* check;
  napi_async_cleanup_hook_handle cleanup;
  void* isolate;
  int32_t worker_id;
  int open_handles;
  // Place in the recorder.
  size_t place;
  // Since the last entry.
  int64_t begun_us;
  int64_t woken_us;
  int64_t longest_us;
  int64_t busy_us;
  int64_t collection_begun_us;
  int64_t gc_us;
  uint32_t collections;
  uint32_t turns;
};

thread_local Beat* thread_beat = nullptr;
std::atomic<bool> taken[kFlightLoops];

// A read of a file of /proc that needs no lock of the kernel but our own.
uint64_t RssBytes() {
  char text[128];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = '\0';
  const char* second = strchr(text, ' ');
  return second == nullptr ? 0 : strtoull(second, nullptr, 10) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t HeapUsedBytes(void* isolate) {
  if (V8().statistics == nullptr || V8().make_statistics == nullptr) return 0;
  uint64_t words[kStatisticsWords] = {};
  V8().make_statistics(words);
  V8().statistics(isolate, words);
  return words[kUsedHeapWord];
}

void WriteEntry(Beat& beat, int64_t now_us) {
  FlightFile& flight = Flight();
  FlightTimelineEntry& entry = flight.timeline[flight.header.timeline_next.fetch_add(1) % kFlightTimeline];
  uint32_t sequence = entry.sequence.load(std::memory_order_relaxed) | 1;
  entry.sequence.store(sequence, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  entry.worker_id = beat.worker_id;
  entry.at_ms = (now_us + flight.header.clock_offset_us) / 1000;
  entry.span_ms = static_cast<uint32_t>((now_us - beat.begun_us) / 1000);
  entry.longest_busy_us = static_cast<uint32_t>(beat.longest_us);
  entry.busy_us = static_cast<uint64_t>(beat.busy_us);
  entry.gc_us = static_cast<uint32_t>(beat.gc_us);
  entry.collections = beat.collections;
  entry.rss_bytes = RssBytes();
  entry.heap_used_bytes = HeapUsedBytes(beat.isolate);
  entry.turns = beat.turns;
  entry.sequence.store(sequence + 1, std::memory_order_release);
  beat.begun_us = now_us;
  beat.longest_us = beat.busy_us = beat.gc_us = 0;
  beat.collections = beat.turns = 0;
}

// The loop goes to its poll.
void OnPrepare(uv_prepare_s* prepare) {
  auto& beat = *static_cast<Beat*>(uv_handle_get_data(AsHandle(prepare)));
  int64_t now = NowUs();
  int64_t worked = now - beat.woken_us;
  beat.busy_us += worked;
  if (worked > beat.longest_us) beat.longest_us = worked;
  beat.turns++;
  if (now - beat.begun_us >= kEntryUs) WriteEntry(beat, now);
  FlightLoop& loop = Flight().loops[beat.place];
  loop.since_us.store(now, std::memory_order_relaxed);
  loop.state.store(static_cast<uint32_t>(LoopState::kPolling), std::memory_order_release);
  FeelPoke();
}

// It comes back from it.
void OnCheck(uv_check_s* check) {
  auto& beat = *static_cast<Beat*>(uv_handle_get_data(AsHandle(check)));
  int64_t now = NowUs();
  beat.woken_us = now;
  FlightLoop& loop = Flight().loops[beat.place];
  loop.since_us.store(now, std::memory_order_relaxed);
  loop.turns.store(loop.turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  loop.state.store(static_cast<uint32_t>(LoopState::kBusy), std::memory_order_release);
}

void OnCollectionBegin(void*, int, int, void* data) {
  auto& beat = *static_cast<Beat*>(data);
  beat.collection_begun_us = NowUs();
  Flight().loops[beat.place].collecting.store(1, std::memory_order_relaxed);
}

void OnCollectionEnd(void*, int, int, void* data) {
  auto& beat = *static_cast<Beat*>(data);
  beat.gc_us += NowUs() - beat.collection_begun_us;
  beat.collections++;
  Flight().loops[beat.place].collecting.store(0, std::memory_order_relaxed);
}

void FreeWithLast(uv_handle_s* handle) {
  auto* beat = static_cast<Beat*>(uv_handle_get_data(handle));
  free(handle);
  if (--beat->open_handles > 0) return;
  // The environment may end now; until here it waits for us.
  if (beat->cleanup != nullptr) napi_remove_async_cleanup_hook(beat->cleanup);
  free(beat);
}

void Close(Beat& beat) {
  if (CanWatchCollections()) {
    V8().remove_prologue(beat.isolate, OnCollectionBegin, &beat);
    V8().remove_epilogue(beat.isolate, OnCollectionEnd, &beat);
  }
  Flight().loops[beat.place].state.store(static_cast<uint32_t>(LoopState::kNone));
  taken[beat.place].store(false);
  uv_close(AsHandle(beat.prepare), FreeWithLast);
  uv_close(AsHandle(beat.check), FreeWithLast);
}

void OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* data) {
  // Not ours any more when the program has disarmed; then FreeWithLast() is under way.
  if (thread_beat != data) return;
  thread_beat = nullptr;
  Close(*static_cast<Beat*>(data));
}

size_t TakePlace() {
  for (size_t place = 0; place < kFlightLoops; place++) {
    if (!taken[place].exchange(true)) return place;
  }
  return kFlightLoops;
}

Beat* Make(uv_loop_s* loop, size_t place, int64_t worker_id) {
  auto* beat = static_cast<Beat*>(calloc(1, sizeof(Beat)));
  auto* prepare = static_cast<uv_prepare_s*>(calloc(1, uv_handle_size(kUvPrepare)));
  auto* check = static_cast<uv_check_s*>(calloc(1, uv_handle_size(kUvCheck)));
  if (beat == nullptr || prepare == nullptr || check == nullptr) {
    free(beat);
    free(prepare);
    free(check);
    return nullptr;
  }
  beat->prepare = prepare;
  beat->check = check;
  beat->isolate = V8().current();
  beat->worker_id = static_cast<int32_t>(worker_id);
  beat->open_handles = 2;
  beat->place = place;
  beat->begun_us = beat->woken_us = NowUs();
  // Neither can fail: no memory is taken, no system call made (uv/src/unix/loop-watcher.c).
  uv_prepare_init(loop, prepare);
  uv_check_init(loop, check);
  for (uv_handle_s* handle : {AsHandle(prepare), AsHandle(check)}) {
    uv_handle_set_data(handle, beat);
    uv_unref(handle);
  }
  return beat;
}

}  // namespace

int StartLoopBeat(napi_env env, int64_t worker_id) {
  if (thread_beat != nullptr) return 0;
  uv_loop_s* loop = nullptr;
  if (V8().current == nullptr || napi_get_uv_event_loop(env, &loop) != napi_ok) return -ENOSYS;
  size_t place = TakePlace();
  if (place == kFlightLoops) return -ENOSPC;
  Beat* beat = Make(loop, place, worker_id);
  if (beat == nullptr) {
    taken[place].store(false);
    return -ENOMEM;
  }
  FlightLoop& record = Flight().loops[place];
  record.tid = static_cast<int32_t>(syscall(SYS_gettid));
  record.worker_id = beat->worker_id;
  record.collecting.store(0);
  record.turns.store(0);
  record.since_us.store(beat->woken_us);
  record.state.store(static_cast<uint32_t>(LoopState::kBusy), std::memory_order_release);
  uv_prepare_start(beat->prepare, OnPrepare);
  uv_check_start(beat->check, OnCheck);
  if (CanWatchCollections()) {
    V8().add_prologue(beat->isolate, OnCollectionBegin, beat, kAllCollections);
    V8().add_epilogue(beat->isolate, OnCollectionEnd, beat, kAllCollections);
  }
  thread_beat = beat;
  if (napi_add_async_cleanup_hook(env, OnEnvironmentEnd, beat, &beat->cleanup) == napi_ok) return 0;
  StopLoopBeat();
  return -ENOSYS;
}

void StopLoopBeat() {
  Beat* beat = thread_beat;
  thread_beat = nullptr;
  if (beat != nullptr) Close(*beat);
}

}  // namespace sleeper
