// What the program told the agent to remember: annotations and the last breadcrumbs, as JSON text.
#pragma once

#include <cstddef>

#include "text_buffer.h"

namespace sleeper {

// Replaces the annotations by `json`, an object. False when it is too long; then the old ones stay.
bool SetAnnotations(const char* json, size_t length);

// Remembers `json`, an object; the oldest of the ring goes. False when it is too long.
bool AddBreadcrumb(const char* json, size_t length);

// Writes `"annotations":{…},"breadcrumbs":[…]`. When the thread that changes them stands still in the middle (stopped by a
// debugger), waits a little and then writes them empty.
void WriteNotes(TextBuffer& out);

}  // namespace sleeper
