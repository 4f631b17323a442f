// Starts the helper (`sleeper agent-capture`), hands it a request, reads its answer, and sees to its end.
//
// By raw clone with no exit signal: the program's SIGCHLD handlers, wait() and fork hooks never learn of it. Memory is
// shared until exec, so nothing is copied and no lock of the program is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace sleeper {

enum class HelperAnswer { kOneLine, kUntilEnd };

// Has `request` answered: one line by a watching sleeper where there is one (watching_sleeper.h), else by the helper, which
// reads it on its standard input. Fills `out` with the answer, zero-terminated, and without its newline where it is one line.
// A helper is dead and reaped on return, which is bounded by `timeout_ms` (and a little for the reaping). Returns the length of the answer, or -errno: ETIMEDOUT, EPIPE ended without a word,
// ENOTCONN the agent is not armed.
ssize_t RunHelper(const char* request, size_t length, HelperAnswer answer, int64_t timeout_ms, char* out, size_t capacity);

}  // namespace sleeper
