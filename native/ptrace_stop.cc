#include "ptrace_stop.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <new>

#include "scoped_lock.h"
#include "tracee.h"

namespace sleeper {

namespace {

constexpr int64_t kMicrosecond = 1000;
constexpr int64_t kMillisecond = 1000 * kMicrosecond;
constexpr int64_t kSecond = 1000 * kMillisecond;
constexpr int kTracerNiceness = -20;
constexpr size_t kTracerStackBytes = 128 * 1024;
// A thread that runs stops within some microseconds, one that sleeps must be woken for it: so long nobody sleeps.
constexpr int64_t kSpinTime = 150 * kMicrosecond;
// Later waitid() is asked again after this time.
constexpr int64_t kPollInterval = 20 * kMicrosecond;

int64_t MonotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

// One stop, from its request to its end. Shared by the tracer thread and its caller under `mutex`; the tracees
// belong to the tracer until `phase` says kHeld.
struct Stop {
  enum Phase { kStopping, kHeld, kEnded };

  pthread_mutex_t mutex;
  pthread_cond_t changed;
  Phase phase = kStopping;
  bool resume_wanted = false;
  bool hold_expired = false;
  size_t stopped = 0;
  // When nobody stood still yet: a thread that gets no processor may be long in coming to its stop.
  int64_t begin = 0;
  int64_t stood_still_ns = 0;
  uint32_t stop_timeout_ms;
  uint32_t hold_limit_ms;
  const StoppedCopy* copy;
  std::unique_ptr<Tracee[]> tracees;
  size_t count;
  pthread_t tracer;

  Stop(size_t tracee_count, uint32_t stop_timeout, uint32_t hold_limit, const StoppedCopy* wanted_copy)
      : stop_timeout_ms(stop_timeout),
        hold_limit_ms(hold_limit),
        copy(wanted_copy),
        tracees(new (std::nothrow) Tracee[tracee_count]),
        count(tracee_count) {
    pthread_mutex_init(&mutex, nullptr);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  ~Stop() {
    pthread_cond_destroy(&changed);
    pthread_mutex_destroy(&mutex);
  }
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;
};

// The stop that is under way. JavaScript runs on several threads (Workers); one stop at a time for all of them.
pthread_mutex_t current_mutex = PTHREAD_MUTEX_INITIALIZER;
Stop* current = nullptr;

void Ask(Tracee& tracee) {
  if (tracee.state != Tracee::kNew) return;
  if (ptrace(PTRACE_INTERRUPT, tracee.tid, nullptr, nullptr) != 0) {
    tracee.Fail(errno);
  } else {
    tracee.state = Tracee::kAsked;
  }
}

// All are seized first, so that they stop as nearly together as can be. The last one is not asked yet: it runs until the
// others, most of which sleep and must be woken to come to their stop, are there.
void AskToStop(Stop& stop) {
  for (size_t i = 0; i < stop.count; i++) {
    Tracee& tracee = stop.tracees[i];
    if (ptrace(PTRACE_SEIZE, tracee.tid, nullptr, nullptr) != 0) tracee.Fail(errno);
  }
  for (size_t i = 0; i + 1 < stop.count; i++) Ask(stop.tracees[i]);
}

size_t WaitUntilStopped(Stop& stop, int64_t deadline) {
  int64_t spin_until = MonotonicNow() + kSpinTime;
  for (;;) {
    int64_t now = MonotonicNow();
    size_t stopped = 0;
    size_t waiting = 0;
    for (size_t i = 0; i < stop.count; i++) {
      Tracee& tracee = stop.tracees[i];
      if (tracee.state == Tracee::kAsked) tracee.LookWhetherStopped();
      stopped += tracee.state == Tracee::kStopped;
      waiting += tracee.state == Tracee::kAsked;
    }
    Tracee& last = stop.tracees[stop.count - 1];
    if (waiting == 0 && last.state != Tracee::kNew) return stopped;
    if (stopped == 0) stop.begin = now;
    if (now >= deadline) break;
    if (waiting == 0) {
      Ask(last);
      spin_until = now + kSpinTime;
      continue;
    }
    if (now < spin_until) {
      // It may be this very processor that the thread needs to come to its stop.
      sched_yield();
      continue;
    }
    timespec interval{0, kPollInterval};
    nanosleep(&interval, nullptr);
  }
  size_t stopped = 0;
  for (size_t i = 0; i < stop.count; i++) {
    Tracee& tracee = stop.tracees[i];
    // Uninterruptible. Still seized: the end of this thread lets go of it.
    if (tracee.state == Tracee::kAsked || tracee.state == Tracee::kNew) tracee.Fail(ETIMEDOUT);
    stopped += tracee.state == Tracee::kStopped;
  }
  return stopped;
}

// Nobody has to be woken for it: this is the tracer's own thread.
void CopyStopped(const Stop& stop) {
  size_t count = stop.copy->wanted;
  for (size_t i = 0; i < stop.count; i++) {
    if (stop.tracees[i].state != Tracee::kStopped) continue;
    user_regs_struct general;
    __builtin_memcpy(&general, stop.tracees[i].registers, sizeof general);
    count = AddStack(*stop.copy, count, general.rsp);
  }
  CopyPages(*stop.copy, count);
}

void Detach(Stop& stop) {
  for (size_t i = stop.count; i-- > 0;) {
    const Tracee& tracee = stop.tracees[i];
    if (tracee.state != Tracee::kStopped) continue;
    // Fails with ESRCH when the thread was killed meanwhile; then there is nobody left to resume.
    ptrace(PTRACE_DETACH, tracee.tid, nullptr, static_cast<uintptr_t>(tracee.signal_to_deliver));
  }
}

void HoldUntilResumed(Stop& stop) {
  int64_t deadline = MonotonicNow() + stop.hold_limit_ms * kMillisecond;
  timespec until{deadline / kSecond, deadline % kSecond};
  ScopedLock lock(stop.mutex);
  stop.phase = Stop::kHeld;
  pthread_cond_broadcast(&stop.changed);
  while (!stop.resume_wanted) {
    if (pthread_cond_timedwait(&stop.changed, &stop.mutex, &until) == ETIMEDOUT) {
      stop.hold_expired = !stop.resume_wanted;
      return;
    }
  }
}

// While threads stand still because of us, we should not have to wait for a processor. Only some may ask for that (CAP_SYS_NICE).
// Niceness alone counts only among the processes of one session or control group (sched(7), "The autogroup feature").
void RunFirst() {
  sched_param first{};
  first.sched_priority = sched_get_priority_min(SCHED_FIFO);
  if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &first) == 0) return;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kTracerNiceness);
}

void* TracerMain(void* argument) {
  Stop& stop = *static_cast<Stop*>(argument);
  prctl(PR_SET_NAME, "sleeper-tracer");
  prctl(PR_SET_TIMERSLACK, 1);
  RunFirst();
  stop.begin = MonotonicNow();
  AskToStop(stop);
  size_t stopped = WaitUntilStopped(stop, stop.begin + stop.stop_timeout_ms * kMillisecond);
  {
    ScopedLock lock(stop.mutex);
    stop.stopped = stopped;
  }
  if (stopped > 0 && stop.copy != nullptr) CopyStopped(stop);
  if (stopped > 0 && stop.hold_limit_ms > 0) HoldUntilResumed(stop);
  Detach(stop);
  ScopedLock lock(stop.mutex);
  if (stopped > 0) stop.stood_still_ns = MonotonicNow() - stop.begin;
  stop.phase = Stop::kEnded;
  pthread_cond_broadcast(&stop.changed);
  return nullptr;
}

// Starts the tracer with all signals blocked: a signal of this process must not land on it.
int StartTracer(Stop& stop) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kTracerStackBytes);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&stop.tracer, &attributes, TracerMain, &stop);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error;
}

// Ends `current`: resumes what it holds and waits for its tracer. The caller holds current_mutex.
int64_t EndCurrent() {
  std::unique_ptr<Stop> stop(current);
  current = nullptr;
  {
    ScopedLock lock(stop->mutex);
    stop->resume_wanted = true;
    pthread_cond_broadcast(&stop->changed);
  }
  pthread_join(stop->tracer, nullptr);
  int64_t stood_still_us = stop->stood_still_ns / kMicrosecond;
  return stop->hold_expired ? -stood_still_us : stood_still_us;
}

bool IsHeld(Stop& stop) {
  ScopedLock lock(stop.mutex);
  return stop.phase != Stop::kEnded;
}

}  // namespace

int StopThreads(const int32_t* tids, size_t count, uint8_t* registers, int32_t* results, uint32_t stop_timeout_ms,
                uint32_t hold_limit_ms, const StoppedCopy* copy) {
  ScopedLock lock(current_mutex);
  if (current != nullptr) {
    if (IsHeld(*current)) return -EBUSY;
    EndCurrent();
  }
  if (count == 0) return 0;
  auto stop = std::unique_ptr<Stop>(new (std::nothrow) Stop(count, stop_timeout_ms, hold_limit_ms, copy));
  if (stop == nullptr || stop->tracees == nullptr) return -ENOMEM;
  for (size_t i = 0; i < count; i++) stop->tracees[i].tid = tids[i];
  int error = StartTracer(*stop);
  if (error != 0) return -error;
  current = stop.release();

  {
    ScopedLock stop_lock(current->mutex);
    while (current->phase == Stop::kStopping) pthread_cond_wait(&current->changed, &current->mutex);
  }
  for (size_t i = 0; i < count; i++) {
    const Tracee& tracee = current->tracees[i];
    bool stopped = tracee.state == Tracee::kStopped;
    results[i] = stopped ? 0 : tracee.error;
    if (stopped) __builtin_memcpy(registers + i * kRegisterSetBytes, tracee.registers, kRegisterSetBytes);
  }
  int stopped = static_cast<int>(current->stopped);
  if (stopped == 0) EndCurrent();
  return stopped;
}

int64_t ResumeThreads() {
  ScopedLock lock(current_mutex);
  return current == nullptr ? 0 : EndCurrent();
}

}  // namespace sleeper
