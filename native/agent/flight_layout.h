// The flight recorder's file: what a process leaves behind when nothing of it can run any more. Plain memory of fixed
// size, shared with src/probe/flight-layout.ts, which has the same offsets and reads them after the process has gone.
//
// Every record begins with a sequence number: 0 never written, odd while it is being written, even when whole. Who dies in
// the middle of a record leaves it odd, and the reader passes it over. Times: `_us` CLOCK_MONOTONIC in microseconds,
// `_ms` CLOCK_REALTIME in milliseconds.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sleeper {

inline constexpr char kFlightMagic[8] = {'S', 'L', 'P', 'R', 'F', 'L', 'T', '\0'};
// 2: `owner` of requests.
inline constexpr uint32_t kFlightVersion = 2;

enum class FlightState : uint32_t {
  // The process lives, or was ended without a word.
  kOpen = 1,
  // It ended by itself, or disarmed the agent.
  kClosed = 2,
  // Somebody makes the report of its end.
  kClaimed = 3,
};

struct FlightHeader {
  char magic[8];
  uint32_t version;
  uint32_t file_bytes;
  int32_t pid;
  std::atomic<uint32_t> state;
  // Field 22 of proc(5) stat: with the pid it names the process for good.
  uint64_t start_ticks;
  int64_t armed_at_ms;
  // CLOCK_REALTIME less CLOCK_MONOTONIC at arming.
  int64_t clock_offset_us;
  // Entries ever begun; the next goes to this number modulo the size of the ring.
  std::atomic<uint64_t> timeline_next;
  std::atomic<uint64_t> crumbs_next;
  uint8_t reserved[192];
};

enum class LoopState : uint32_t { kNone = 0, kPolling = 1, kBusy = 2 };

// The event loop of one thread, now.
struct FlightLoop {
  std::atomic<uint32_t> state;
  int32_t tid;
  int32_t worker_id;
  // 1 while V8 collects garbage.
  std::atomic<uint32_t> collecting;
  std::atomic<int64_t> since_us;
  std::atomic<uint64_t> turns;
  uint8_t reserved[32];
};

// One second, or more, in which a loop was not idle all the time.
struct FlightTimelineEntry {
  std::atomic<uint32_t> sequence;
  int32_t worker_id;
  int64_t at_ms;
  uint32_t span_ms;
  // Longest time between leaving the poll and coming back to it.
  uint32_t longest_busy_us;
  uint64_t busy_us;
  uint32_t gc_us;
  uint32_t collections;
  uint64_t rss_bytes;
  uint64_t heap_used_bytes;
  uint32_t turns;
  uint8_t reserved[4];
};

// One HTTP request under way, of whatever thread. Written by src/agent/request-table.cts.
struct FlightRequest {
  std::atomic<uint32_t> sequence;
  // 1 server, 2 client; 0 while nothing is written.
  uint32_t kind;
  double started_at_ms;
  uint32_t status;
  uint32_t length;
  // The thread that has the place: 1 the main thread, its number and 1 a Worker; 0 nobody. Threads take places by
  // compare-and-swap, and nobody else writes to a place that is taken.
  std::atomic<uint32_t> owner;
  // Method, space, URL.
  char text[228];
};

// JSON text.
template <size_t kBytes>
struct FlightText {
  std::atomic<uint32_t> sequence;
  uint32_t length;
  char text[kBytes];
};

inline constexpr size_t kFlightLoops = 32;
inline constexpr size_t kFlightTimeline = 120;
inline constexpr size_t kFlightRequests = 64;
inline constexpr size_t kFlightCrumbs = 64;
inline constexpr size_t kIdentityBytes = 8 * 1024;
inline constexpr size_t kAnnotationsBytes = 16 * 1024;
inline constexpr size_t kCrumbBytes = 1024;

struct FlightFile {
  FlightHeader header;
  FlightLoop loops[kFlightLoops];
  FlightTimelineEntry timeline[kFlightTimeline];
  FlightRequest requests[kFlightRequests];
  // What the process is: command line, versions, cgroup.
  FlightText<kIdentityBytes> identity;
  FlightText<kAnnotationsBytes> annotations;
  FlightText<kCrumbBytes> crumbs[kFlightCrumbs];
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);
static_assert(sizeof(FlightHeader) == 256 && offsetof(FlightHeader, state) == 20);
static_assert(offsetof(FlightHeader, start_ticks) == 24 && offsetof(FlightHeader, timeline_next) == 48);
static_assert(sizeof(FlightLoop) == 64 && offsetof(FlightLoop, since_us) == 16);
static_assert(sizeof(FlightTimelineEntry) == 64 && offsetof(FlightTimelineEntry, busy_us) == 24);
static_assert(offsetof(FlightTimelineEntry, rss_bytes) == 40 && offsetof(FlightTimelineEntry, turns) == 56);
static_assert(sizeof(FlightRequest) == 256 && offsetof(FlightRequest, owner) == 24);
static_assert(offsetof(FlightRequest, text) == 28);
static_assert(offsetof(FlightFile, loops) == 256 && offsetof(FlightFile, timeline) == 2304);
static_assert(offsetof(FlightFile, requests) == 9984 && offsetof(FlightFile, identity) == 26368);
static_assert(offsetof(FlightFile, annotations) == 34568 && offsetof(FlightFile, crumbs) == 50960);
static_assert(sizeof(FlightFile) == 50960 + 64 * 1032);

// Writes `text` whole or not at all. One writer at a time.
template <size_t kBytes>
bool WriteFlightText(FlightText<kBytes>& record, const char* text, size_t length) {
  if (length > kBytes) return false;
  uint32_t sequence = record.sequence.load(std::memory_order_relaxed);
  record.sequence.store(sequence | 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (size_t i = 0; i < length; i++) record.text[i] = text[i];
  record.length = static_cast<uint32_t>(length);
  record.sequence.store((sequence | 1) + 1, std::memory_order_release);
  return true;
}

}  // namespace sleeper
