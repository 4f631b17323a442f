// The agent's one thread. It sleeps in epoll_wait() without limit, has no timers, and costs nothing until poked:
// by a connection, by a debugger's call (eventfd), or by a debugger coming or going, which interrupts epoll_wait().
#pragma once

#include "settings.h"

namespace sleeper {

// Starts it, once for the process. Returns 0 or -errno. A taken socket name is no failure: the debugger's ways remain.
int StartSleepingThread(const Settings& settings);

// Any thread, in any state: one write().
void WakeSleepingThread();

}  // namespace sleeper
