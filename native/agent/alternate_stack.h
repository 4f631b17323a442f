// A stack of its own for signal handlers, so that a thread whose stack has overflown can still run one. Per thread.
#pragma once

namespace sleeper {

// Gives the calling thread one, unless it has one already. Harmless when memory is short: then there is none.
void GiveAlternateStack();

// Takes the calling thread's away, if it is ours. Before the thread ends.
void TakeAlternateStack();

}  // namespace sleeper
