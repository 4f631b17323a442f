// A copy of this process as it is now, by the raw clone system call: it does nothing but wait, while its memory is read from
// outside and the process itself goes on. That takes milliseconds, and memory for what the process changes meanwhile. No SIGCHLD,
// no fork hooks. It shares the table of descriptors, so it keeps none of them open, and ends with the thread that made it.
#pragma once

#include <sys/types.h>

namespace sleeper {

// Returns its pid, or -errno. One at a time in a process: -EBUSY.
pid_t MakeMemoryCopy();
// Ends the one that the calling thread has made, if any.
void EndMemoryCopy();

// Where Yama restricts tracing to descendants: `pid` and its own may trace us all the same, and the copy that the calling thread
// has made. Returns 0 or an errno; EINVAL: no Yama.
int AllowTracer(pid_t pid);

}  // namespace sleeper
