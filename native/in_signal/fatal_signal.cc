#include "fatal_signal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sleeper {

namespace {

// SIGTRAP: V8 ends so when one of its checks fails (int3).
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};

struct sigaction previous[NSIG];
WasmTrapHandler wasm_trap = nullptr;
bool installed = false;

bool IsFunction(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

// What an instruction has caused happens again when the handler returns. All else would not: it was sent, or the
// instruction is done (int3).
bool ComesAgain(int signal, const siginfo_t* info) { return info->si_code > 0 && signal != SIGTRAP && signal != SIGSYS; }

void SendAgain(int signal, siginfo_t* info) {
  // Blocked until this handler returns: then it strikes the thread where it was.
  pid_t self = static_cast<pid_t>(syscall(SYS_gettid));
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), self, signal, info) != 0) syscall(SYS_tgkill, getpid(), self, signal);
}

// Gives the signal to its former owner.
void HandBack(int signal, siginfo_t* info, void* context) {
  struct sigaction current;
  sigaction(signal, nullptr, &current);
  struct sigaction& before = previous[signal];
  bool is_ours = (current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == OnFatalSignal;
  if (!is_ours && IsFunction(before)) {
    // Somebody took the signal after us and has called us. Kernel and libc pass three arguments to handlers of either form.
    before.sa_sigaction(signal, info, context);
    return;
  }
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, is_ours ? &before : &standard, nullptr);
  if (!ComesAgain(signal, info)) SendAgain(signal, info);
}

}  // namespace

void OnFatalSignal(int signal, siginfo_t* info, void* context) {
  int error = errno;
  if (signal == SIGSEGV && wasm_trap != nullptr && wasm_trap(signal, info, context)) return;
  CrashNote* note = ClaimCrashNote();
  if (note != nullptr) {
    note->signal = signal;
    note->code = info->si_code;
    note->address = reinterpret_cast<uint64_t>(info->si_addr);
    note->sender = info->si_code <= 0 ? info->si_pid : 0;
    note->context = static_cast<const ucontext_t*>(context);
    PostCrashNote(*note, CrashKind::kFatalSignal);
    // A former owner may survive the signal; then the next one is to be reported, too.
    if (IsFunction(previous[signal])) FreeCrashNote(*note);
  }
  HandBack(signal, info, context);
  errno = error;
}

void InstallFatalSignals(WasmTrapHandler handle_wasm_trap) {
  if (installed) return;
  installed = true;
  wasm_trap = handle_wasm_trap;
  for (int signal : kSignals) {
    struct sigaction& before = previous[signal];
    if (sigaction(signal, nullptr, &before) != 0) continue;
    bool is_ignored = !IsFunction(before) && before.sa_handler == SIG_IGN;
    // Node has one for traps of WebAssembly. Without V8's function we could not tell those from faults.
    bool is_wasms = signal == SIGSEGV && IsFunction(before) && wasm_trap == nullptr;
    if (is_ignored || is_wasms) continue;
    struct sigaction ours = {};
    ours.sa_sigaction = OnFatalSignal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(signal, &ours, nullptr);
  }
}

}  // namespace sleeper
