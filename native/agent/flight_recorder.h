// Opens and closes the flight recorder of this process, and looks for those of processes that have vanished.
//
// The file lies on a tmpfs where there is one, in a directory that belongs to this user alone, and its blocks are reserved
// before it is mapped, so that no write to the mapping can fail. While the process lives it holds a lock (flock) on it: a
// file without a lock, not closed, is that of a process that was killed. Where no file can be had, the same memory is
// private, and all else works as ever.
#pragma once

#include <cstddef>
#include <string>

#include "flight_layout.h"

namespace sleeper {

// The memory to write to: the mapped file, or private memory before OpenFlightRecorder() and where that failed.
FlightFile& Flight();

// Tries the directories in their order, each ended by a NUL. `identity` is the JSON text of what this process is.
// Returns 0 or -errno of the last directory. Harmless when it is open already.
int OpenFlightRecorder(const std::string& directories, const std::string& identity);

// Marks it as closed and removes the file. Called at exit() by itself. A forked child that calls it does nothing.
void CloseFlightRecorder();

// Gives back the places of the requests of a thread that stops to note them, or ends: also one that was stopped in the middle
// of a record. On that thread.
void ReleaseRequests(int64_t worker_id);

// On the sleeping thread, once: has the helper report on the processes that vanished from our directory, and removes files
// that nobody needs. Allocates nothing.
void ReportVanished();

}  // namespace sleeper
