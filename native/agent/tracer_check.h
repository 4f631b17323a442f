// Whether a debugger holds a thread of this process. Any thread may call; allocates nothing.
#pragma once

namespace sleeper {

// `path` is the status file of a process or thread in proc(5).
bool HasTracer(const char* path);

}  // namespace sleeper
