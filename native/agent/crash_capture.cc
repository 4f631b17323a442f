#include "crash_capture.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#include "../in_signal/crash_note.h"
#include "capture.h"
#include "helper_process.h"
#include "isolate_registry.h"
#include "notes.h"
#include "settings.h"
#include "text_buffer.h"
#include "throw_watch.h"

namespace sleeper {

namespace {

// Notes (80 KiB), an error record (64 KiB), isolates.
char request_text[256 * 1024];

struct RegisterName {
  const char* name;
  int index;
};
constexpr RegisterName kRegisters[] = {
    {"rip", REG_RIP}, {"rsp", REG_RSP}, {"rbp", REG_RBP}, {"rax", REG_RAX}, {"rbx", REG_RBX}, {"rcx", REG_RCX},
    {"rdx", REG_RDX}, {"rsi", REG_RSI}, {"rdi", REG_RDI}, {"r8", REG_R8},   {"r9", REG_R9},   {"r10", REG_R10},
    {"r11", REG_R11}, {"r12", REG_R12}, {"r13", REG_R13}, {"r14", REG_R14}, {"r15", REG_R15}, {"eflags", REG_EFL},
};

const char* SignalName(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    case SIGABRT:
      return "SIGABRT";
    case SIGTRAP:
      return "SIGTRAP";
    case SIGSYS:
      return "SIGSYS";
    default:
      return "a signal";
  }
}

void AddTrigger(TextBuffer& text, const CrashNote& note) {
  text.Add(",\"trigger\":{\"kind\":\"");
  switch (note.kind.load()) {
    case CrashKind::kHeapLimit:
      text.Add("out-of-memory\",\"reason\":\"V8 asked for more than its heap limit of ");
      text.AddNumber(static_cast<int64_t>(note.limit_bytes >> 20)).Add(" MiB\"}");
      text.Add(",\"heapLimitBytes\":").AddNumber(static_cast<int64_t>(note.limit_bytes));
      break;
    case CrashKind::kSecondFault:
      text.Add("uncaught-exception\",\"reason\":\"the handler of an uncaught error threw\"},\"secondFault\":true");
      break;
    default:
      text.Add(note.signal == SIGABRT ? "abort" : "fatal-signal").Add("\",\"reason\":\"");
      text.Add(SignalName(note.signal)).Add(" on thread ").AddNumber(note.tid).Add("\"}");
  }
}

void AddFault(TextBuffer& text, const CrashNote& note) {
  text.Add(",\"fault\":{\"signal\":\"").Add(SignalName(note.signal)).Add("\",\"code\":").AddNumber(note.code);
  text.Add(",\"address\":\"0x").AddHex(note.address).Add("\",\"sender\":").AddNumber(note.sender);
  text.Add(",\"registers\":{");
  for (const auto& [name, index] : kRegisters) {
    if (name != kRegisters[0].name) text.Add(",");
    text.Add("\"").Add(name).Add("\":\"0x");
    text.AddHex(static_cast<uint64_t>(note.context->uc_mcontext.gregs[index])).Add("\"");
  }
  text.Add("}}");
}

TextBuffer WriteRequest(const CrashNote& note) {
  TextBuffer text(request_text, sizeof request_text);
  const Launch& launch = *CurrentLaunch();
  text.Add("{\"pid\":").AddNumber(getpid()).Add(",\"mode\":\"report\",\"errorTid\":").AddNumber(note.tid);
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t now_ms = now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  text.Add(",\"endsAtMs\":").AddNumber(now_ms + launch.death_limit_ms);
  AddTrigger(text, note);
  if (note.context != nullptr) AddFault(text, note);
  if (note.kind.load() == CrashKind::kSecondFault && *OpenError() != '\0') text.Add(",\"error\":").Add(OpenError());
  text.Add(",\"archive\":\"").AddEscaped(launch.archive).Add("\",\"isolates\":");
  WriteIsolates(text, 0, 0);
  text.Add(",");
  WriteNotes(text);
  text.Add("}\n");
  return text;
}

// In `<archive>/agent-errors.log`, as the agent's JavaScript does.
void LogFailure(const CrashNote& note, const char* failure) {
  PlannedReport now;
  PlanReport(now);
  static char line[2048];
  TextBuffer text(line, sizeof line);
  text.Add("{\"at\":\"").Add(now.requested_at).Add("\",\"pid\":").AddNumber(getpid());
  text.Add(",\"what\":\"report of ");
  text.Add(note.kind.load() == CrashKind::kFatalSignal ? SignalName(note.signal) : "a crash");
  text.Add("\",\"failure\":\"").AddEscaped(failure).Add("\"}\n");
  char path[4096];
  TextBuffer(path, sizeof path).Add(CurrentLaunch()->archive).Add("/agent-errors.log");
  mkdir(CurrentLaunch()->archive, 0700);
  int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (write(file, text.data(), text.length()) < 0) {
    // Nothing is left to tell it to.
  }
  close(file);
}

}  // namespace

void ServeCrash() {
  CrashNote* note = PostedCrashNote();
  if (note == nullptr || CurrentLaunch() == nullptr) return;
  TextBuffer request = WriteRequest(*note);
  static char answer[kAnswerBytes];
  int64_t limit_ms = CurrentLaunch()->death_limit_ms;
  ssize_t result =
      RunHelper(request.data(), request.length(), HelperAnswer::kOneLine, limit_ms, answer, sizeof answer);
  if (result < 0) WriteHelperError(result, answer, sizeof answer);
  bool is_served = strncmp(answer, "REPORT ", 7) == 0 || strcmp(answer, "NONE") == 0;
  if (!is_served) LogFailure(*note, answer);
  AnswerCrashNote(*note);
}

}  // namespace sleeper
