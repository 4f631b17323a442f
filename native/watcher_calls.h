// Two system calls that a watcher needs and JavaScript lacks. Both return at once; no allocation, any thread.
#pragma once

#include <cstddef>

namespace sleeper {

// Sends a signal to the process whose /proc/PID directory is open as `directory` (pidfd_send_signal, Linux 5.1): it cannot
// reach another process that was given the same pid. Signal 0 only asks. Returns 0 or -errno: ESRCH it has ended.
int SignalProcess(int directory, int signal);

// Sends one datagram to the Unix socket at `path`, as sd_notify(3) does; a leading '@' means an abstract name. Never waits.
// Returns 0 or -errno.
int SendDatagram(const char* path, size_t path_length, const char* text, size_t length);

}  // namespace sleeper
