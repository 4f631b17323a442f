// What a dying thread leaves for the sleeping thread, and how it waits for the report.
//
// Signal-safe: atomics, one write() and futex waits with a deadline; the memory is static. Any thread may call; the first one
// that does is the one whose end is reported, others wait for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <signal.h>
#include <sys/types.h>

// Marks what may run in a signal handler.
#define SIGNAL_SAFE

namespace sleeper {

enum class CrashKind : uint32_t { kNone, kFatalSignal, kHeapLimit, kSecondFault };

struct CrashNote {
  std::atomic<CrashKind> kind;
  pid_t tid;
  // Of the isolate whose heap is full; 0 otherwise.
  uint64_t isolate;
  uint64_t limit_bytes;
  // Fatal signals: as in siginfo_t, and where the kernel has put the registers.
  int32_t signal;
  int32_t code;
  uint64_t address;
  // Of signals that a process has sent; 0 otherwise.
  pid_t sender;
  const ucontext_t* context;
};

// Once, before the sleeping thread starts. `wake_fd` is the eventfd that it waits on.
void OpenCrashNotes(int wake_fd, int64_t wait_limit_ms);
// On the sleeping thread.
void AdoptCrashReader();

// Claims the one note for the calling thread, for it to fill in. Null: not armed in this process (a forked child), or this
// is the sleeping thread, or this thread has claimed it already; or another thread had it, whose report was waited for.
SIGNAL_SAFE CrashNote* ClaimCrashNote();
// Hands the note over and waits until it is reported, or the limit is over.
SIGNAL_SAFE void PostCrashNote(CrashNote& note, CrashKind kind);
// Makes the note free for the next: after a crash that did not end the program.
SIGNAL_SAFE void FreeCrashNote(CrashNote& note);

// On the sleeping thread: the note to be reported, null when there is none, and the word that it is done.
CrashNote* PostedCrashNote();
void AnswerCrashNote(CrashNote& note);

}  // namespace sleeper
