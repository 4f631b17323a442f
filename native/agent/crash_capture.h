// On the sleeping thread: has the note of a dying thread made into a report (in_signal/crash_note.h).
#pragma once

namespace sleeper {

// Serves the note that was posted, if there is one.
void ServeCrash();

}  // namespace sleeper
