#include "ptrace_catch.h"

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

// How long a thread is given to stop again: longer than any processor keeps it waiting.
constexpr int64_t kStopGrace = 100 * kMillisecond;
// The thread runs for a little while, and not always the same: loops must not beat in time with us.
constexpr int64_t kShortestRun = 2 * kMicrosecond;
constexpr int64_t kRunSpread = 30 * kMicrosecond;

void RunOn(uint32_t& random) {
  random = random * 1664525 + 1013904223;
  int64_t until = MonotonicNow() + kShortestRun + (random >> 8) % kRunSpread;
  while (MonotonicNow() < until) {
  }
}

// Lets the thread run and stops it again. False: it did not stop as expected, and the result says why.
bool RunAndStop(Tracee& tracee, CatchRequest& request, uint32_t& random) {
  if (ptrace(PTRACE_CONT, tracee.tid, nullptr, nullptr) != 0) {
    request.result = -errno;
    return false;
  }
  RunOn(random);
  if (ptrace(PTRACE_INTERRUPT, tracee.tid, nullptr, nullptr) != 0) {
    tracee.Fail(errno);
    request.result = -errno;
    return false;
  }
  int64_t deadline = MonotonicNow() + kStopGrace;
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
      bool event_stop = (status.si_status >> 8) == PTRACE_EVENT_STOP;
      if (event_stop && (status.si_status & 0x7f) == SIGTRAP) return true;
      // A signal of its own came first, or it was stopped by one: it goes on from here when we let go.
      if (!event_stop) tracee.signal_to_deliver = status.si_status & 0x7f;
      tracee.in_interrupt = false;
      request.result = -EINTR;
      return false;
    }
    if (MonotonicNow() >= deadline) {
      // Uninterruptible: the end of this thread lets go of it.
      tracee.Fail(ETIMEDOUT);
      request.result = -ETIMEDOUT;
      return false;
    }
    // It may need our processor to get there.
    sched_yield();
  }
}

bool IsWanted(const CatchRequest& request, uint64_t address) {
  for (size_t i = 0; i < request.address_count; i++) {
    if (static_cast<uint64_t>(request.addresses[i]) == address) return true;
  }
  return false;
}

}  // namespace

void CatchAtAddress(Tracee& tracee, CatchRequest& request) {
  uint32_t random = static_cast<uint32_t>(MonotonicNow());
  for (uint32_t tries = 0;; tries++) {
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
      request.result = read ? static_cast<int64_t>(tries) : -errno;
      return;
    }
    if (tries >= request.max_tries || MonotonicNow() >= request.deadline) {
      request.result = -ETIMEDOUT;
      return;
    }
    if (!RunAndStop(tracee, request, random)) return;
  }
}

int64_t MonotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

}  // namespace sleeper
