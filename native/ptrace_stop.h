// Stops threads of another process, copies their registers, and always resumes them.
//
// A short-lived tracer thread of ours does every ptrace call. When it ends for whatever reason, SIGKILL of this
// process included, the kernel detaches all it traced, so nothing that happens to us can leave a thread stopped.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>

#include "process_memory.h"
#include "stopped_copy.h"

namespace sleeper {

// General registers (user_regs_struct), then floating-point and vector registers (user_fpregs_struct, as FXSAVE).
inline constexpr size_t kRegisterSetBytes = sizeof(user_regs_struct) + sizeof(user_fpregs_struct);

// Stops the threads and fills `registers` (count * kRegisterSetBytes) and `results` (0 or errno for each).
// Returns how many stand still, or -EBUSY while an earlier stop is held, or -errno when no tracer could start.
// They are resumed by ResumeThreads() or, `hold_limit_ms` after this returns, without it; with 0, before it returns. The last
// of them is asked to stop last, and runs on first. `copy` may be null.
int StopThreads(const int32_t* tids, size_t count, uint8_t* registers, int32_t* results, uint32_t stop_timeout_ms,
                uint32_t hold_limit_ms, const StoppedCopy* copy);

// Resumes and waits for it. Returns the microseconds for which the threads stood still, counted from the first
// interrupt to the last detach; negative when the hold limit had resumed them before; 0 when nothing was stopped.
int64_t ResumeThreads();

}  // namespace sleeper
