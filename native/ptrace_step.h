// One traced thread, and how it is run on instruction by instruction. Only for ptrace_stop.cc, on its tracer thread.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "ptrace_stop.h"

namespace sleeper {

constexpr int64_t kMicrosecond = 1000;
constexpr int64_t kMillisecond = 1000 * kMicrosecond;
constexpr int64_t kSecond = 1000 * kMillisecond;

int64_t MonotonicNow();

struct Tracee {
  pid_t tid = 0;
  // Not yet traced, asked to stop, standing still, or failed for the reason in `error`.
  enum { kNew, kAsked, kStopped, kFailed } state = kNew;
  int error = 0;
  // A signal was on its way to the thread when it stopped: it gets it when we let go.
  int signal_to_deliver = 0;
  // It stands in our own interrupt, not in a signal's delivery or a group-stop: only then it may be stepped.
  bool in_interrupt = false;
  uint8_t registers[kRegisterSetBytes];

  void Fail(int reason) {
    state = kFailed;
    error = reason;
  }
};

// What a caller wants stepped; it waits until `done`.
struct StepRequest {
  pid_t tid;
  const double* addresses;
  size_t address_count;
  uint32_t max_steps;
  int64_t deadline;
  uint8_t* registers;
  uint8_t* vectors;
  int64_t result = -EINVAL;
  bool done = false;
};

// Does what the request says with a thread that stands still, and writes the request's result.
void RunSteps(Tracee& tracee, StepRequest& request);

}  // namespace sleeper
