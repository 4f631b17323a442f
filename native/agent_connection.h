// The outside end of the agent's socket.
#pragma once

#include <sys/types.h>

namespace sleeper {

// Connects to the agent inside `pid` without ever waiting. Returns a non-blocking, close-on-exec stream socket, or
// -errno: ECONNREFUSED no agent there, EPERM another process listens under that name, EAGAIN its queue is full.
int ConnectAgent(pid_t pid);

}  // namespace sleeper
