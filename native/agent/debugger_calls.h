// What a debugger may use in this process, by hand, on whatever thread it has selected, in whatever state:
//
//   set var sleeper_mailbox = 1          a report; no call is made, the sleeping thread finds it when the debugger lets go
//   p sleeper_dump("why")                a report; says `PENDING <path>`: it is written once the process runs on
//   printf "%s", sleeper_bt()            the JavaScript stacks of all threads, as text, now
//   p sleeper_answer                     what became of the last request
//
// The calling thread may hold any lock: on it nothing is done but a compare-and-swap, a write to an eventfd and a bounded
// wait. The work is the sleeping thread's. When that is the calling thread, it is known to sleep, and may work itself.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>

#include "capture.h"

#define SLEEPER_EXPORT __attribute__((visibility("default"), used, noinline))

extern "C" {
__attribute__((visibility("default"))) extern volatile int sleeper_mailbox;
__attribute__((visibility("default"))) extern char sleeper_answer[sleeper::kAnswerBytes];
SLEEPER_EXPORT const char* sleeper_dump(const char* reason);
SLEEPER_EXPORT const char* sleeper_bt(void);
}

namespace sleeper {

// Called once, before the sleeping thread starts.
void OpenDebuggerCalls();
// On the sleeping thread, first thing.
void AdoptSleepingThread();
// epoll_wait(), known to the calls as the place where this thread sleeps.
int SleepUntilPoked(int epoll, epoll_event* events, int most, int timeout_ms);
// On the sleeping thread, whenever it wakes: looks at the mailbox and for calls, and serves them.
void ServeDebugger();

// Of event loops, when they turn: a poke that came in the instant in which the sleeping thread went to sleep has interrupted
// nobody, nor has one by a debugger that stops nothing.
void FeelPoke();

}  // namespace sleeper
