#include "ptrace_step.h"

#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>

namespace sleeper {

namespace {

// How long a step that hangs in a system call is given to stop once it was interrupted.
constexpr int64_t kStepGrace = 20 * kMillisecond;

// Waits for the end of one step. False: it did not end as a step does, or not in time; the result says why.
bool FinishStep(Tracee& tracee, StepRequest& request) {
  bool interrupted = false;
  int64_t deadline = request.deadline;
  for (;;) {
    siginfo_t status{};
    if (waitid(P_PID, static_cast<id_t>(tracee.tid), &status, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 &&
        errno != EINTR) {
      tracee.Fail(ESRCH);
      request.result = -ESRCH;
      return false;
    }
    if (status.si_pid != 0) {
      if (status.si_code != CLD_TRAPPED && status.si_code != CLD_STOPPED) {
        tracee.Fail(ESRCH);
        request.result = -ESRCH;
        return false;
      }
      if (status.si_status == SIGTRAP && !interrupted) return true;
      // A signal came, or it stands in the interrupt below; either way it goes on from here when we let go.
      bool event_stop = (status.si_status >> 8) == PTRACE_EVENT_STOP;
      if (!event_stop && status.si_status != SIGTRAP) tracee.signal_to_deliver = status.si_status & 0x7f;
      tracee.in_interrupt = false;
      request.result = interrupted ? -ETIMEDOUT : -EINTR;
      return false;
    }
    int64_t now = MonotonicNow();
    if (now < deadline) {
      // A step takes a microsecond, when the thread gets a processor: it may need ours.
      sched_yield();
      continue;
    }
    if (interrupted) {
      // It waits in the kernel: the end of this thread lets go of it.
      tracee.Fail(ETIMEDOUT);
      request.result = -ETIMEDOUT;
      return false;
    }
    ptrace(PTRACE_INTERRUPT, tracee.tid, nullptr, nullptr);
    interrupted = true;
    deadline = now + kStepGrace;
  }
}

bool IsWanted(const StepRequest& request, uint64_t address) {
  for (size_t i = 0; i < request.address_count; i++) {
    if (static_cast<uint64_t>(request.addresses[i]) == address) return true;
  }
  return false;
}

}  // namespace

void RunSteps(Tracee& tracee, StepRequest& request) {
  for (uint32_t steps = 0;; steps++) {
    errno = 0;
    long pc = ptrace(PTRACE_PEEKUSER, tracee.tid, offsetof(user_regs_struct, rip), nullptr);
    if (errno != 0) {
      request.result = -errno;
      return;
    }
    if (IsWanted(request, static_cast<uint64_t>(pc))) {
      iovec registers{request.registers, kRegisterSetBytes};
      bool read = ptrace(PTRACE_GETREGSET, tracee.tid, NT_PRSTATUS, &registers) == 0 &&
                  ptrace(PTRACE_GETFPREGS, tracee.tid, nullptr, request.vectors) == 0;
      request.result = read ? static_cast<int64_t>(steps) : -errno;
      return;
    }
    if (steps >= request.max_steps || MonotonicNow() >= request.deadline) {
      request.result = -ETIMEDOUT;
      return;
    }
    if (ptrace(PTRACE_SINGLESTEP, tracee.tid, nullptr, nullptr) != 0) {
      request.result = -errno;
      return;
    }
    if (!FinishStep(tracee, request)) return;
  }
}

int64_t MonotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

}  // namespace sleeper
