// A `sleeper watch` that has offered to write our reports (op "serve", docs/agent.md): it is warm, where a helper has yet to
// start. It is asked first; whenever it does not answer as it should, the helper is still there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace sleeper {

// Keeps a connection over which the peer takes requests, in the place of an earlier one.
void KeepOffer(int fd, pid_t peer);

// Has one request (a JSON object and a newline) answered. Fills `out` with the answer's line. Returns its length, or -errno:
// then the watcher has nothing to do with it any more. Before `deadline`, and at once when nobody has offered.
ssize_t AskWatchingSleeper(const char* request, size_t length, int64_t deadline, char* out, size_t capacity);

}  // namespace sleeper
