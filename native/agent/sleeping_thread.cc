#include "sleeping_thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "../in_signal/crash_note.h"
#include "agent_socket.h"
#include "crash_capture.h"
#include "debugger_calls.h"
#include "flight_recorder.h"

namespace sleeper {

namespace {

constexpr size_t kStackBytes = 128 * 1024;
constexpr uint64_t kWakeEvent = ~uint64_t{0};
constexpr uint64_t kListenerEvent = ~uint64_t{1};
constexpr int kMaxEvents = 8;
constexpr int64_t kFarewellMs = 1000;

pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
bool started = false;
int epoll = -1;
int wake = -1;
int listener = -1;

bool Watch(int fd, uint64_t event) {
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.u64 = event;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest) == 0;
}

void* Main(void*) {
  static Connections connections(epoll, listener);
  prctl(PR_SET_NAME, "sleeper");
  AdoptSleepingThread();
  AdoptCrashReader();
  ReportVanished();
  for (;;) {
    epoll_event events[kMaxEvents];
    int count = SleepUntilPoked(epoll, events, kMaxEvents, connections.CloseOverdue());
    ServeCrash();
    // Also after EINTR, above all then: it is how a debugger that came and went is felt.
    ServeDebugger();
    for (int i = 0; i < count; i++) {
      uint64_t event = events[i].data.u64;
      if (event == kWakeEvent) {
        uint64_t times;
        if (read(wake, &times, sizeof times) > 0) {
          ServeCrash();
          ServeDebugger();
        }
      } else if (event == kListenerEvent) {
        connections.Accept();
      } else {
        connections.Serve(event);
      }
    }
  }
}

int Open(int64_t death_limit_ms) {
  epoll = epoll_create1(EPOLL_CLOEXEC);
  wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll < 0 || wake < 0 || !Watch(wake, kWakeEvent)) return -errno;
  listener = ListenForRequests();
  if (listener >= 0 && !Watch(listener, kListenerEvent)) return -errno;
  OpenDebuggerCalls();
  // The thread that waits is to see the helper's deadline, and its end.
  OpenCrashNotes(wake, death_limit_ms + kFarewellMs);
  return 0;
}

// All signals are blocked from the start: the program's signals are not for this thread.
int Start() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, Main, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return -error;
}

}  // namespace

void WakeSleepingThread() {
  uint64_t one = 1;
  // Only a full counter could fail, and then it wakes anyway.
  if (write(wake, &one, sizeof one) < 0) return;
}

int StartSleepingThread(const Settings& settings) {
  pthread_mutex_lock(&start_mutex);
  int result = started ? 0 : KeepSettings(settings);
  if (!started && result == 0) result = Open(settings.death_limit_ms);
  if (!started && result == 0) result = Start();
  started = started || result == 0;
  pthread_mutex_unlock(&start_mutex);
  return result;
}

}  // namespace sleeper
