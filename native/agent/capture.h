// Captures on request: decides the report's name, tells the helper what to do, waits for its answer. Runs on the
// sleeping thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

#include "text_buffer.h"

namespace sleeper {

// Long enough for a path (PATH_MAX) with a word before it, or an error sentence.
inline constexpr size_t kAnswerBytes = 4096 + 256;

// One wanted capture.
struct CaptureRequest {
  // Inside of a JSON string.
  const char* escaped_reason;
  // The thread a debugger calls from and its frame pointer; both 0 otherwise.
  int32_t caller = 0;
  uint64_t frame_pointer = 0;
};

// The name of a report that does not exist yet.
struct PlannedReport {
  char id[37];
  char file_name[256];
  char requested_at[32];
};

// Chooses id and name: `<utc-time>-<host>-<pid>-request-<first eight digits of the id>.msgpack`.
void PlanReport(PlannedReport& plan);
// Where it will be.
void WritePath(const PlannedReport& plan, TextBuffer& out);

// Has the report written. `answer` gets `REPORT <path>` or `ERROR <why>`. Returns true when there is a report.
bool CaptureReport(const CaptureRequest& request, const PlannedReport& plan, char* answer, size_t capacity);

// `ERROR <why>` for a result of RunHelper() below zero.
void WriteHelperError(ssize_t result, char* out, size_t capacity);

// Has the JavaScript stacks of all threads read; `text` gets them, or `ERROR <why>`.
void CaptureStacks(const CaptureRequest& request, int64_t timeout_ms, char* text, size_t capacity);

// Has reports written of processes that have vanished. `files` are JSON members that name their flight recorders.
void CaptureVanished(const char* files);

}  // namespace sleeper
