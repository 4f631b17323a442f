// The arguments of stopThreads(), for addon.cc: arrays of the caller's, each with room enough.
#pragma once

#include <napi.h>

#include "arguments.h"
#include "ptrace_stop.h"

namespace sleeper {

inline StoppedCopy TakeCopy(Arguments& arguments) {
  StoppedCopy copy{};
  copy.pid = arguments.Pid("pid");
  auto pages = arguments.Typed<Napi::Float64Array>("pages", napi_float64_array, "a Float64Array");
  copy.wanted = arguments.Small("wanted");
  auto ranges = arguments.Typed<Napi::Float64Array>("ranges", napi_float64_array, "a Float64Array");
  copy.max_stack_bytes = arguments.Small("maxStackBytes");
  Napi::Uint8Array out = arguments.Bytes("out");
  Napi::Uint8Array readable = arguments.Bytes("readable");
  if (!arguments.ok()) return copy;
  copy.room = pages.ElementLength();
  if (copy.wanted > copy.room) arguments.Refuse("pages", "room for those that are wanted");
  if (out.ByteLength() < copy.room * kPageBytes) arguments.Refuse("out", "room for each page");
  if (readable.ByteLength() < copy.room) arguments.Refuse("readable", "room for each page");
  copy.pages = pages.Data();
  copy.ranges = ranges.Data();
  copy.range_count = ranges.ElementLength() / 2;
  copy.out = out.Data();
  copy.readable = readable.Data();
  return copy;
}

// With five arguments nothing is copied. When an argument is wrong nothing is stopped.
inline int CallStopThreads(Arguments& arguments, size_t given) {
  auto tids = arguments.Typed<Napi::Int32Array>("tids", napi_int32_array, "an Int32Array");
  Napi::Uint8Array registers = arguments.Bytes("registers");
  auto results = arguments.Typed<Napi::Int32Array>("results", napi_int32_array, "an Int32Array");
  uint32_t stop_timeout_ms = arguments.Small("stopTimeoutMs");
  uint32_t hold_limit_ms = arguments.Small("holdLimitMs");
  bool copies = given > 5;
  StoppedCopy copy = copies ? TakeCopy(arguments) : StoppedCopy{};
  if (!arguments.ok()) return 0;
  size_t count = tids.ElementLength();
  if (registers.ByteLength() < count * kRegisterSetBytes) arguments.Refuse("registers", "room for each thread");
  if (results.ElementLength() < count) arguments.Refuse("results", "room for each thread");
  if (!arguments.ok()) return 0;
  return StopThreads(tids.Data(), count, registers.Data(), results.Data(), stop_timeout_ms, hold_limit_ms,
                     copies ? &copy : nullptr);
}

}  // namespace sleeper
