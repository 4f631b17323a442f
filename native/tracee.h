// One thread that is being stopped by ptrace. Belongs to the thread that traces it; allocates nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "ptrace_stop.h"

namespace sleeper {

struct Tracee {
  pid_t tid = 0;
  // Not yet traced, asked to stop, standing still, or failed for the reason in `error`.
  enum { kNew, kAsked, kStopped, kFailed } state = kNew;
  int error = 0;
  // A signal was on its way to the thread when it stopped: it gets it when we let go.
  int signal_to_deliver = 0;
  uint8_t registers[kRegisterSetBytes];

  void Fail(int reason) {
    state = kFailed;
    error = reason;
  }

  // Looks once whether the thread that was asked to stop stands still now, and takes its registers.
  void LookWhetherStopped();
};

}  // namespace sleeper
