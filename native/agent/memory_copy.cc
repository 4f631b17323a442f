#include "memory_copy.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace sleeper {

namespace {

// Longer lines, of files, come in pieces that do not look like one.
constexpr size_t kMapLineBytes = 256;

struct MemoryCopy {
  pid_t pid = 0;
  // A pipe that tells it who may trace it.
  int tracers[2] = {-1, -1};
};

// The thread that has made the copy; 0: there is none. Only that thread looks at `copy`.
std::atomic<pid_t> maker{0};
MemoryCopy copy;

pid_t ThreadId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// In the copy, whose locks nobody will ever release: system calls only. All signals are blocked.
[[noreturn]] void Wait(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  pid_t tracer = 0;
  // It may have gone before that was said.
  while (getppid() == parent && read(copy.tracers[0], &tracer, sizeof tracer) > 0)
    prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
  syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}

// V8 keeps its heap from children (MADV_DONTFORK, in Node.js 24): all that is no file's is let through. One line of the map is
// `start-end rw-p offset device inode`; inode 0: no file.
void LetHeapThrough() {
  FILE* maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return;
  char line[kMapLineBytes];
  while (fgets(line, sizeof line, maps) != nullptr) {
    uintptr_t start = 0;
    uintptr_t end = 0;
    char access[5] = "";
    unsigned long inode = 1;
    int read = sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &start, &end, access, &inode);
    if (read == 4 && access[0] == 'r' && access[3] == 'p' && inode == 0)
      madvise(reinterpret_cast<void*>(start), end - start, MADV_DOFORK);
  }
  fclose(maps);
}

// Returns its pid or -errno.
pid_t Clone() {
  LetHeapThrough();
  if (pipe2(copy.tracers, O_CLOEXEC) != 0) return -errno;
  pid_t parent = getpid();
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto pid = static_cast<pid_t>(syscall(SYS_clone, CLONE_FILES | CLONE_FS | CLONE_UNTRACED, 0, 0, 0, 0));
  if (pid == 0) Wait(parent);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid < 0 ? -error : pid;
}

void Forget() {
  for (int& end : copy.tracers) {
    if (end >= 0) close(end);
    end = -1;
  }
  maker.store(0);
}

}  // namespace

pid_t MakeMemoryCopy() {
  pid_t nobody = 0;
  if (!maker.compare_exchange_strong(nobody, ThreadId())) return -EBUSY;
  copy.pid = Clone();
  pid_t pid = copy.pid;
  if (pid < 0) Forget();
  return pid;
}

void EndMemoryCopy() {
  if (maker.load() != ThreadId()) return;
  kill(copy.pid, SIGKILL);
  while (waitpid(copy.pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  Forget();
}

int AllowTracer(pid_t pid) {
  int error = prctl(PR_SET_PTRACER, pid, 0, 0, 0) == 0 ? 0 : errno;
  if (maker.load() == ThreadId() && write(copy.tracers[1], &pid, sizeof pid) < 0) error = errno;
  return error;
}

}  // namespace sleeper
