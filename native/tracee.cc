#include "tracee.h"

#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cerrno>

namespace sleeper {

namespace {

// True when waitid() has something to tell about the thread; else errno says why, or is 0 when nothing is new.
bool Wait(pid_t tid, int options, siginfo_t& status) {
  status.si_pid = 0;
  errno = 0;
  int result = waitid(P_PID, static_cast<id_t>(tid), &status, options | WNOHANG | __WALL);
  return result == 0 && status.si_pid != 0;
}

}  // namespace

// A stop is consumed, so that libuv, when the target is our own
// child, does not take it for the child's exit. A death is left (WNOWAIT) to whoever waits for the child; the kernel
// reports stops of tracees to every kind of wait, so the two are told apart by a look before.
void Tracee::LookWhetherStopped() {
  siginfo_t status{};
  if (!Wait(tid, WSTOPPED | WEXITED | WNOWAIT, status)) {
    if (errno == ECHILD) Fail(ESRCH);
    return;
  }
  if (status.si_code != CLD_TRAPPED || !Wait(tid, WSTOPPED, status)) {
    Fail(ESRCH);
    return;
  }
  // A PTRACE_EVENT_STOP is our interrupt, or a group-stop (SIGSTOP, Ctrl-Z) that the kernel puts back on detach.
  // Anything else is a signal about to be delivered; the thread stands still just as well.
  bool event_stop = (status.si_status >> 8) == PTRACE_EVENT_STOP;
  if (!event_stop) signal_to_deliver = status.si_status & 0x7f;
  iovec general{registers, sizeof(user_regs_struct)};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &general) != 0 ||
      ptrace(PTRACE_GETFPREGS, tid, nullptr, registers + sizeof(user_regs_struct)) != 0) {
    Fail(errno);
    return;
  }
  state = Tracee::kStopped;
}

}  // namespace sleeper
