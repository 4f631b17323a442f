// Copies memory of another process. Knows nothing of ELF or V8.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace sleeper {

inline constexpr size_t kPageBytes = 4096;

// Copies `length` bytes at `address` of `pid` into `out`. Returns the bytes copied, fewer than wanted when the
// next page is unreadable, or -errno when there is not even one.
ssize_t ReadMemory(pid_t pid, uint64_t address, void* out, size_t length);

// Copies `count` pages into `out`, one behind the other, and sets `readable[i]` to 1 or 0. Unreadable pages leave
// their part of `out` as it was. Returns the number of readable pages, or -errno when the process is gone or
// refuses us.
ssize_t ReadPages(pid_t pid, const double* addresses, size_t count, uint8_t* out, uint8_t* readable);

}  // namespace sleeper
