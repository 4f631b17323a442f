// One traced thread, and how it is caught at a certain place. Only for ptrace_stop.cc, on its tracer thread.
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
  // It stands in our own interrupt, not in a signal's delivery or a group-stop: only then it may be run on.
  bool in_interrupt = false;
  uint8_t registers[kRegisterSetBytes];

  void Fail(int reason) {
    state = kFailed;
    error = reason;
  }
};

// Where a caller wants a thread caught; it waits until `done`.
struct CatchRequest {
  pid_t tid;
  const double* addresses;
  size_t address_count;
  uint32_t max_tries;
  int64_t deadline;
  uint8_t* registers;
  uint8_t* vectors;
  int64_t result = -EINVAL;
  bool done = false;
};

// Lets a thread that stands still run and stops it again until it stands at a wanted address. Nothing but plain stops is
// used: should this process die, the kernel lets the thread run on. (Single steps would be exact, but a thread whose
// tracer dies between two of them is killed by the trap.)
void CatchAtAddress(Tracee& tracee, CatchRequest& request);

}  // namespace sleeper
