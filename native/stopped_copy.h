// What is copied of a process while its threads stand still: wanted pages, and stacks. Allocates nothing, asks nobody.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace sleeper {

// The caller owns all arrays.
struct StoppedCopy {
  pid_t pid;
  // Addresses of pages: the first `wanted` are given, ascending; those of the stacks are added behind them.
  double* pages;
  size_t wanted;
  size_t room;
  // Ascending pairs of start and end: where stacks may be.
  const double* ranges;
  size_t range_count;
  size_t max_stack_bytes;
  // As for ReadPages().
  uint8_t* out;
  uint8_t* readable;
};

// Adds the pages from a stack pointer to the end of its range, at most `max_stack_bytes`; `count` pages are there already.
// A stack may have grown below the range it had. Returns how many there are now, never more than `room`.
size_t AddStack(const StoppedCopy& copy, size_t count, uint64_t pointer);

// Copies the first `count` pages, in few system calls.
void CopyPages(const StoppedCopy& copy, size_t count);

}  // namespace sleeper
