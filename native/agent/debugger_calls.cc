#include "debugger_calls.h"

#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "isolate_registry.h"
#include "settings.h"
#include "sleeping_thread.h"
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

// One call at a time: whoever swings `busy` from false owns the fields below until the sleeping thread has answered.
std::atomic<bool> busy{false};
// When it was last claimed. A debugger may throw away a call in its middle; then nobody gives `busy` back.
std::atomic<int64_t> busy_since_ns{0};
constexpr int64_t kForgottenAfterMs = 30'000;
std::atomic<Wish> wish{Wish::kNone};
// Advanced when the answer of a call stands in its buffer.
WaitWord answers;
char reason[kReasonBytes];
int32_t caller_tid;
uint64_t caller_frame_pointer;
// The answers: `PENDING <path>` and the stacks.
char pending_text[kAnswerBytes];
char stacks_text[256 * 1024];

// The sleeping thread's own. A report that was promised, to be written when the debugger lets go.
bool report_wanted = false;
PlannedReport plan;
char report_reason[kReasonBytes];
// True while the sleeping thread does nothing but wait: only then may a call on this very thread do work in its place.
volatile bool asleep = false;

std::atomic<pid_t> armed_pid{0};
std::atomic<pid_t> sleeping_tid{0};

pid_t ThreadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// Claims the one place for a call and leaves the wish. Null, or why not.
const char* Claim(const char* why, uint64_t frame_pointer) {
  // In a forked child there is no sleeping thread.
  if (armed_pid.load() != getpid()) return "ERROR the agent is not armed in this process\n";
  int64_t now = MonotonicNs();
  bool forgotten = now - busy_since_ns.load() > kForgottenAfterMs * kNsPerMs;
  if (busy.exchange(true) && !forgotten) return "ERROR busy: another request is being served\n";
  busy_since_ns.store(now);
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

// Decides on the report's name, unless one is promised already: asking twice gives one report.
void PromiseReport(const char* why) {
  if (!report_wanted) {
    PlanReport(plan);
    TextBuffer(report_reason, sizeof report_reason).Add(why);
    report_wanted = true;
  }
  TextBuffer text(pending_text, sizeof pending_text);
  text.Add("PENDING ");
  WritePath(plan, text);
}

void ReadStacks() {
  GatherThreads(caller_tid, kGatherMs);
  CaptureStacks({"sleeper_bt() was called", caller_tid, caller_frame_pointer}, kStacksTimeoutMs, stacks_text,
                sizeof stacks_text);
  ReleaseThreads();
}

void ServeCall() {
  switch (wish.exchange(Wish::kNone, std::memory_order_acquire)) {
    case Wish::kNone:
      return;
    case Wish::kReport:
      PromiseReport(reason);
      break;
    case Wish::kStacks:
      ReadStacks();
      break;
  }
  busy.store(false);
  answers.Advance();
}

void WaitForRelease() {
  for (int look = 0; look < kLooksForRelease && IsTraced(); look++) {
    timespec pause{0, kLookIntervalNs};
    asleep = true;
    nanosleep(&pause, nullptr);
    asleep = false;
    ServeCall();
  }
}

void WritePromisedReport() {
  // Traced to the end of our patience: the helper then reads without stopping. The caller has moved on in any case, so
  // its frame pointer is of no use here.
  WaitForRelease();
  char escaped[kReasonBytes * 6];
  TextBuffer(escaped, sizeof escaped).AddEscaped(report_reason);
  CaptureReport({escaped}, plan, sleeper_answer, sizeof sleeper_answer);
  report_wanted = false;
}

const char* Dump(const char* why, uint64_t frame_pointer) {
  const char* refusal = Claim(why, frame_pointer);
  if (refusal != nullptr) return refusal;
  if (caller_tid == sleeping_tid.load()) {
    if (!asleep) {
      wish.store(Wish::kReport);
      WakeSleepingThread();
      return "PENDING the sleeping thread is at work; the report will be in the archive";
    }
    PromiseReport(reason);
    WakeSleepingThread();
    busy.store(false);
    return pending_text;
  }
  if (AskSleepingThread(Wish::kReport, kDumpWaitMs)) return pending_text;
  return "PENDING the sleeping thread does not run yet; the report will be in the archive";
}

const char* Stacks(uint64_t frame_pointer) {
  const char* refusal = Claim("", frame_pointer);
  if (refusal != nullptr) return refusal;
  if (caller_tid == sleeping_tid.load()) {
    bool may_work = asleep;
    if (may_work) ReadStacks();
    busy.store(false);
    return may_work ? stacks_text : "ERROR busy: the sleeping thread is at work\n";
  }
  if (AskSleepingThread(Wish::kStacks, kStacksWaitMs)) return stacks_text;
  return "ERROR the sleeping thread did not answer in time\n";
}

}  // namespace

void OpenDebuggerCalls() {
  armed_pid.store(getpid());
}

void AdoptSleepingThread() { sleeping_tid.store(ThreadId()); }

int SleepUntilPoked(int epoll, epoll_event* events, int most, int timeout_ms) {
  asleep = true;
  int count = epoll_wait(epoll, events, most, timeout_ms);
  asleep = false;
  return count;
}

void FeelPoke() {
  if (sleeper_mailbox != 0 && asleep) WakeSleepingThread();
}

void ServeDebugger() {
  ServeCall();
  if (sleeper_mailbox != 0) {
    sleeper_mailbox = 0;
    PromiseReport("gdb mailbox");
  }
  while (report_wanted) {
    WritePromisedReport();
    // Both may have come while we were at work, and the mailbox wakes nobody.
    ServeCall();
    if (sleeper_mailbox == 0) continue;
    sleeper_mailbox = 0;
    PromiseReport("gdb mailbox");
  }
}

}  // namespace sleeper

namespace {

// The interrupted code's frame pointer, given the frame of one of the functions below: callee-saved, so our prologue has
// stored it there. gdb calls us directly and has us return to the stack or the program's entry point. lldb has code of its
// own in between, which has a frame of its own.
uint64_t InterruptedFramePointer(void* own_frame) {
  auto* frame = static_cast<uint64_t*>(own_frame);
  uint64_t returns_to = frame[1];
  uint64_t distance = returns_to - reinterpret_cast<uint64_t>(frame);
  constexpr uint64_t kNear = 1 << 20;
  bool direct = distance < kNear || returns_to - getauxval(AT_ENTRY) < 16;
  // Code in between lies right above us. Anything else in the register may be no address at all.
  constexpr uint64_t kAdjacent = 4096;
  bool adjacent = frame[0] - reinterpret_cast<uint64_t>(frame) < kAdjacent;
  return !direct && adjacent ? *reinterpret_cast<uint64_t*>(frame[0]) : frame[0];
}

}  // namespace

const char* sleeper_dump(const char* reason) {
  int error = errno;
  const char* answer = sleeper::Dump(reason, InterruptedFramePointer(__builtin_frame_address(0)));
  errno = error;
  return answer;
}

const char* sleeper_bt(void) {
  int error = errno;
  const char* answer = sleeper::Stacks(InterruptedFramePointer(__builtin_frame_address(0)));
  errno = error;
  return answer;
}
