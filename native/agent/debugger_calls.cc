#include "debugger_calls.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "isolate_registry.h"
#include "settings.h"
#include "wait_word.h"

volatile int sleeper_mailbox = 0;
char sleeper_answer[sleeper::kAnswerBytes] = "";

namespace sleeper {

namespace {

// How long a call may hold the debugger. lldb runs only the calling thread for the first 0.25 s, then all.
constexpr int64_t kDumpWaitMs = 1000;
constexpr int64_t kStacksWaitMs = 5500;
constexpr int64_t kStacksTimeoutMs = 5000;
// Threads come to stand still within this time or not at all; less than the 1500 ms for which they stand.
constexpr int64_t kGatherMs = 300;
// After the debugger's answer it gets about 2 s to let go. Counted in looks, not by the clock: time during which it
// keeps us stopped does not count.
constexpr int kLooksForRelease = 400;
constexpr long kLookIntervalNs = 5'000'000;
constexpr size_t kReasonBytes = 256;

enum class Wish : uint32_t { kNone, kReport, kStacks };

// One call at a time: whoever swings `busy` from false owns the fields below until the sleeping thread is done.
std::atomic<bool> busy{false};
std::atomic<Wish> wish{Wish::kNone};
// Advanced when the answer of a call stands in its buffer.
WaitWord answers;
char reason[kReasonBytes];
int32_t caller_tid;
uint64_t caller_frame_pointer;
PlannedReport plan;
// On the caller's side, `PENDING …` or the stacks.
char pending_text[kAnswerBytes];
char stacks_text[256 * 1024];

int wake = -1;
std::atomic<pid_t> armed_pid{0};
std::atomic<pid_t> sleeping_tid{0};

pid_t ThreadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

void WakeSleepingThread() {
  uint64_t one = 1;
  // Only a full counter could fail, and then it wakes anyway.
  if (write(wake, &one, sizeof one) < 0) return;
}

// Claims the one place for a call and leaves the wish. Null, or why not.
const char* Claim(const char* why, uint64_t frame_pointer) {
  // In a forked child there is no sleeping thread.
  if (armed_pid.load() != getpid()) return "ERROR the agent is not armed in this process";
  bool expected = false;
  if (!busy.compare_exchange_strong(expected, true)) return "ERROR busy: another request is being served";
  size_t length = 0;
  for (; why != nullptr && why[length] != '\0' && length + 1 < kReasonBytes; length++) reason[length] = why[length];
  reason[length] = '\0';
  caller_tid = ThreadId();
  caller_frame_pointer = frame_pointer;
  return nullptr;
}

// Leaves the wish with the sleeping thread and waits for the answer to appear.
bool AskSleepingThread(Wish wanted, int64_t wait_ms) {
  uint32_t seen = answers.Load();
  int64_t deadline = MonotonicNs() + wait_ms * kNsPerMs;
  wish.store(wanted, std::memory_order_release);
  WakeSleepingThread();
  while (answers.Load() == seen) {
    if (!answers.Wait(seen, deadline)) return false;
  }
  return true;
}

void AnnouncePlan() {
  PlanReport(plan);
  TextBuffer text(pending_text, sizeof pending_text);
  text.Add("PENDING ");
  WritePath(plan, text);
}

void WaitForRelease() {
  for (int look = 0; look < kLooksForRelease && IsTraced(); look++) {
    timespec pause{0, kLookIntervalNs};
    nanosleep(&pause, nullptr);
  }
}

void WriteReport(const char* why) {
  char escaped[kReasonBytes * 6];
  TextBuffer(escaped, sizeof escaped).AddEscaped(why);
  // Traced to the end of our patience: the helper then reads without stopping. The caller has moved on in any case, so
  // its frame pointer is of no use here.
  WaitForRelease();
  CaptureReport({escaped}, plan, sleeper_answer, sizeof sleeper_answer);
}

void ReadStacks() {
  GatherThreads(caller_tid, kGatherMs);
  CaptureStacks({"sleeper_bt() was called", caller_tid, caller_frame_pointer}, kStacksTimeoutMs, stacks_text,
                sizeof stacks_text);
  ReleaseThreads();
}

const char* Dump(const char* why, uint64_t frame_pointer) {
  const char* refusal = Claim(why, frame_pointer);
  if (refusal != nullptr) return refusal;
  if (caller_tid == sleeping_tid.load()) {
    AnnouncePlan();
    wish.store(Wish::kReport);
    WakeSleepingThread();
    return pending_text;
  }
  if (AskSleepingThread(Wish::kReport, kDumpWaitMs)) return pending_text;
  return "PENDING the sleeping thread does not run yet; the report will be in the archive";
}

const char* Stacks(uint64_t frame_pointer) {
  const char* refusal = Claim("", frame_pointer);
  if (refusal != nullptr) return refusal;
  if (caller_tid == sleeping_tid.load()) {
    ReadStacks();
    busy.store(false);
    return stacks_text;
  }
  if (AskSleepingThread(Wish::kStacks, kStacksWaitMs)) return stacks_text;
  return "ERROR the sleeping thread did not answer in time\n";
}

void ServeCall() {
  switch (wish.exchange(Wish::kNone, std::memory_order_acquire)) {
    case Wish::kNone:
      return;
    case Wish::kReport:
      // Called on this very thread the plan is made already, and its path told.
      if (caller_tid != sleeping_tid.load()) AnnouncePlan();
      answers.Advance();
      WriteReport(reason);
      break;
    case Wish::kStacks:
      ReadStacks();
      answers.Advance();
      break;
  }
  busy.store(false);
}

void ServeMailbox() {
  if (sleeper_mailbox == 0) return;
  bool expected = false;
  // Full: the word stays, and is found when that request is done.
  if (!busy.compare_exchange_strong(expected, true)) return;
  sleeper_mailbox = 0;
  PlanReport(plan);
  WriteReport("gdb mailbox");
  busy.store(false);
}

}  // namespace

void OpenDebuggerCalls(int wake_fd) {
  wake = wake_fd;
  armed_pid.store(getpid());
}

void AdoptSleepingThread() { sleeping_tid.store(ThreadId()); }

void ServeDebugger() {
  ServeCall();
  ServeMailbox();
}

}  // namespace sleeper

// The frame pointer register is callee-saved: at entry it is still that of the interrupted code, and our prologue has
// stored it where __builtin_frame_address(0) points.
const char* sleeper_dump(const char* reason) {
  int error = errno;
  const char* answer = sleeper::Dump(reason, *static_cast<uint64_t*>(__builtin_frame_address(0)));
  errno = error;
  return answer;
}

const char* sleeper_bt(void) {
  int error = errno;
  const char* answer = sleeper::Stacks(*static_cast<uint64_t*>(__builtin_frame_address(0)));
  errno = error;
  return answer;
}
