#include "crash_note.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace sleeper {

namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kNsPerSecond = 1'000'000'000;

CrashNote note;
// Thread that has claimed the note; 0: free.
std::atomic<pid_t> owner{0};
// Advanced when a note is answered or freed; waited on by futex.
std::atomic<uint32_t> answers{0};
// The note of the owner is done with; the owner goes on to its end.
std::atomic<bool> answered{false};
std::atomic<pid_t> armed_pid{0};
std::atomic<pid_t> reader_tid{0};
int wake = -1;
int64_t limit_ns = 0;
// A thread whose report is written needs no longer than this to end the process.
constexpr int64_t kDyingNs = 1 * kNsPerSecond;

static_assert(std::atomic<CrashKind>::is_always_lock_free && std::atomic<pid_t>::is_always_lock_free);

pid_t ThreadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

void Announce() {
  answers.fetch_add(1);
  syscall(SYS_futex, &answers, FUTEX_WAKE_PRIVATE, 0x7fffffff, nullptr, nullptr, 0);
}

// Until the answer count is no longer `seen`, or the limit is over. False: it is over.
bool WaitForAnswer(uint32_t seen, int64_t deadline_ns) {
  while (answers.load() == seen) {
    int64_t left = deadline_ns - NowNs();
    if (left <= 0) return false;
    timespec timeout{left / kNsPerSecond, left % kNsPerSecond};
    syscall(SYS_futex, &answers, FUTEX_WAIT_PRIVATE, seen, &timeout, nullptr, 0);
  }
  return true;
}

}  // namespace

void OpenCrashNotes(int wake_fd, int64_t wait_limit_ms) {
  wake = wake_fd;
  limit_ns = wait_limit_ms * kNsPerMs;
  armed_pid.store(getpid());
}

void AdoptCrashReader() { reader_tid.store(ThreadId()); }

CrashNote* ClaimCrashNote() {
  if (armed_pid.load() != getpid()) return nullptr;
  pid_t self = ThreadId();
  if (self == reader_tid.load()) return nullptr;
  int64_t deadline = NowNs() + limit_ns;
  for (;;) {
    uint32_t seen = answers.load();
    pid_t holder = 0;
    if (owner.compare_exchange_strong(holder, self)) {
      answered.store(false);
      note.tid = self;
      note.isolate = 0;
      note.limit_bytes = 0;
      note.signal = 0;
      note.code = 0;
      note.address = 0;
      note.sender = 0;
      note.context = nullptr;
      return &note;
    }
    // A fault of ours, while this very thread was at it: let it go.
    if (holder == self) return nullptr;
    // Another thread is dying, most likely of the same: the process ends with that one, or it frees the note.
    if (answered.load()) {
      WaitForAnswer(seen, NowNs() + kDyingNs);
      if (owner.load() == holder) return nullptr;
    } else if (!WaitForAnswer(seen, deadline)) {
      return nullptr;
    }
  }
}

void PostCrashNote(CrashNote& posted, CrashKind kind) {
  uint32_t seen = answers.load();
  posted.kind.store(kind);
  uint64_t one = 1;
  // Only a full counter could fail, and then it wakes anyway.
  if (write(wake, &one, sizeof one) < 0 && errno == EBADF) return;
  WaitForAnswer(seen, NowNs() + limit_ns);
}

void FreeCrashNote(CrashNote& freed) {
  freed.kind.store(CrashKind::kNone);
  owner.store(0);
  Announce();
}

CrashNote* PostedCrashNote() { return note.kind.load() == CrashKind::kNone ? nullptr : &note; }

void AnswerCrashNote(CrashNote& done) {
  done.kind.store(CrashKind::kNone);
  answered.store(true);
  Announce();
}

}  // namespace sleeper
