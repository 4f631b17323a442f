#include "helper_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "memory_copy.h"
#include "settings.h"
#include "stream.h"
#include "wait_word.h"
#include "watching_sleeper.h"

namespace sleeper {

namespace {

constexpr size_t kChildStackBytes = 16 * 1024;
// After its answer the helper has this long to end by itself.
constexpr int64_t kFarewellMs = 1000;
constexpr long kReapIntervalNs = 2'000'000;

struct ChildPlan {
  const Launch* launch;
  int input;
  int output;
  // errno of what kept the child from becoming the helper.
  int error;
};

// Of the child that is on its way to exec. Static, because a debugger may throw away the frame of the call that started it.
// One child at a time: `starting_since_ns` is when it was started, 0 when there is none.
alignas(16) char child_stack[kChildStackBytes];
ChildPlan child_plan;
std::atomic<int64_t> starting_since_ns{0};
// An exec takes milliseconds. After this time the claim is that of a call which a debugger has thrown away.
constexpr int64_t kStartLimitMs = 1000;

class StartClaim {
 public:
  StartClaim() {
    for (;;) {
      int64_t before = starting_since_ns.load();
      mine_ = MonotonicNs();
      bool free = before == 0 || mine_ - before > kStartLimitMs * kNsPerMs;
      if (free && starting_since_ns.compare_exchange_strong(before, mine_)) return;
      timespec pause{0, kReapIntervalNs};
      nanosleep(&pause, nullptr);
    }
  }
  ~StartClaim() { starting_since_ns.compare_exchange_strong(mine_, 0); }
  StartClaim(const StartClaim&) = delete;
  StartClaim& operator=(const StartClaim&) = delete;

 private:
  int64_t mine_ = 0;
};

// In the child, on its own stack but in the parent's memory, until exec. All signals are blocked here.
int ChildMain(void* argument) {
  auto& plan = *static_cast<ChildPlan*>(argument);
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  // The dispositions are a copy (no CLONE_SIGHAND). They go first: no handler of the program may run in this child.
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, nullptr);
  // A session of its own: Ctrl-C at the program's terminal does not end a capture.
  setsid();
  // Both descriptors lie above 2 or are where they belong, see RunHelper().
  dup2(plan.input, STDIN_FILENO);
  dup2(plan.output, STDOUT_FILENO);
  int null = open("/dev/null", O_WRONLY);
  if (null >= 0) dup2(null, STDERR_FILENO);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  if (chdir("/") != 0) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(plan.launch->argv[0], plan.launch->argv, plan.launch->environment);
  plan.error = errno;
  _exit(127);
}

// The descriptor, moved above the standard ones: programs that closed those must not confuse the child.
int AboveStandard(int fd) {
  if (fd > STDERR_FILENO) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(fd);
  return moved;
}

// Starts the helper and waits until it has left our memory by exec. Returns its pid or -errno.
//
// Without CLONE_VFORK: a debugger hears of the end of a vfork even when the child is CLONE_UNTRACED, and breaks off the call
// it has made. Instead the child holds the other end of `left`, which closes on exec. Until then it shares this thread's
// errno, so nothing here looks at that.
pid_t Start(const Launch* launch, int input, int output) {
  StartClaim claim;
  int left[2];
  if (pipe2(left, O_CLOEXEC) != 0) return -errno;
  UniqueFd our_end(AboveStandard(left[0]));
  UniqueFd child_end(AboveStandard(left[1]));
  child_plan = {launch, input, output, 0};
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = clone(ChildMain, child_stack + sizeof child_stack, CLONE_VM | CLONE_UNTRACED, &child_plan);
  int error = pid < 0 ? errno : 0;
  child_end.Close();
  if (pid > 0) PollUntil(our_end.get(), POLLIN, MonotonicNs() + kStartLimitMs * kNsPerMs);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid > 0 && child_plan.error != 0) {
    error = child_plan.error;
    waitpid(pid, nullptr, __WALL);
  }
  return error != 0 ? -error : pid;
}

// Waits for the helper's end and kills it at the deadline. One that does not even die then (uninterruptible) is left.
void Reap(pid_t pid, int64_t deadline) {
  bool killed = false;
  for (;;) {
    pid_t ended = waitpid(pid, nullptr, __WALL | WNOHANG);
    if (ended == pid || (ended < 0 && errno != EINTR)) return;
    if (MonotonicNs() >= deadline) {
      if (killed) return;
      kill(pid, SIGKILL);
      killed = true;
      deadline = MonotonicNs() + kFarewellMs * kNsPerMs;
    }
    timespec pause{0, kReapIntervalNs};
    nanosleep(&pause, nullptr);
  }
}

}  // namespace

ssize_t RunHelper(const char* request, size_t length, HelperAnswer answer, int64_t timeout_ms, char* out,
                  size_t capacity) {
  out[0] = '\0';
  const Launch* launch = CurrentLaunch();
  if (launch == nullptr) return -ENOTCONN;
  int64_t deadline = MonotonicNs() + timeout_ms * kNsPerMs;
  if (answer == HelperAnswer::kOneLine) {
    ssize_t answered = AskWatchingSleeper(request, length, deadline, out, capacity);
    if (answered >= 0 || MonotonicNs() >= deadline) return answered;
  }
  int input[2];
  int output[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0) return -errno;
  UniqueFd our_input(AboveStandard(input[0]));
  UniqueFd child_input(AboveStandard(input[1]));
  if (pipe2(output, O_CLOEXEC) != 0) return -errno;
  UniqueFd our_output(AboveStandard(output[0]));
  UniqueFd child_output(AboveStandard(output[1]));

  pid_t pid = Start(launch, child_input.get(), child_output.get());
  if (pid < 0) return pid;
  child_input.Close();
  child_output.Close();
  // Our child: Yama would forbid it.
  AllowTracer(pid);
  ssize_t result = -EPIPE;
  if (SendAll(our_input.get(), request, length, deadline)) {
    our_input.Close();
    result = answer == HelperAnswer::kOneLine ? ReadLine(our_output.get(), deadline, out, capacity)
                                              : ReadToEnd(our_output.get(), deadline, out, capacity);
  }
  bool answered = result >= 0;
  Reap(pid, answered ? MonotonicNs() + kFarewellMs * kNsPerMs : 0);
  return result;
}

}  // namespace sleeper
