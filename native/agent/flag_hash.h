// V8 keeps a hash of all its flags, and takes code that was compiled under another hash for stale: its cache of Node's own
// modules (20 ms of a program that loads node:http), and caches of the program's.
#pragma once

namespace sleeper {

// Sets a flag of V8's upon which no compiled code depends, and keeps the hash as it was. Where V8 does not look as it should
// (native/agent/flag_hash.cc says how), the flag is set all the same and the hash changes.
void SetNeutralFlag(const char* flag);

}  // namespace sleeper
