// Stops threads of another process, copies their registers, and always resumes them.
//
// A short-lived tracer thread of ours does every ptrace call. When it ends for whatever reason, SIGKILL of this
// process included, the kernel detaches all it traced, so nothing that happens to us can leave a thread stopped.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>

namespace sleeper {

inline constexpr size_t kRegisterSetBytes = sizeof(user_regs_struct);

// Stops the threads and fills `registers` (count * kRegisterSetBytes) and `results` (0 or errno for each).
// Returns how many stand still, or -EBUSY while an earlier stop is held, or -errno when no tracer could start.
// They are resumed by ResumeThreads() or, `hold_limit_ms` after this returns, without it.
int StopThreads(const int32_t* tids, size_t count, uint8_t* registers, int32_t* results, uint32_t stop_timeout_ms,
                uint32_t hold_limit_ms);

// Bytes of the floating-point and vector registers: user_fpregs_struct, the layout of FXSAVE.
inline constexpr size_t kVectorSetBytes = sizeof(user_fpregs_struct);

// Lets one held thread run for moments and stops it again, until it stands at one of `addresses` (0 tries when it does
// already). Fills `registers` and `vectors` (kVectorSetBytes) with what it holds there, and it stays held. Returns the
// number of tries, or -ETIMEDOUT when `max_tries` or the time did not suffice, -EINTR when a signal for the target came
// (it is delivered on resuming), -EINVAL when the thread is not held by StopThreads(), or is in a group-stop.
int64_t CatchThread(pid_t tid, const double* addresses, size_t count, uint32_t max_tries, uint32_t timeout_ms,
                   uint8_t* registers, uint8_t* vectors);

// Resumes and waits for it. Returns the microseconds for which the threads stood still, counted from the first
// interrupt to the last detach; negative when the hold limit had resumed them before; 0 when nothing was stopped.
int64_t ResumeThreads();

}  // namespace sleeper
