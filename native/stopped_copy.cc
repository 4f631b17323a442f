#include "stopped_copy.h"

#include <algorithm>

#include "process_memory.h"

namespace sleeper {

namespace {

// Bytes below the stack pointer that a function may use without moving it (System V ABI).
constexpr uint64_t kRedZone = 128;
// Pages of a stack taken when the map does not say how far it goes.
constexpr uint64_t kUnmappedStackPages = 16;

uint64_t StackEnd(const StoppedCopy& copy, uint64_t pointer) {
  double place = static_cast<double>(pointer);
  size_t low = 0;
  size_t high = copy.range_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (place < copy.ranges[middle * 2]) {
      high = middle;
    } else if (place >= copy.ranges[middle * 2 + 1]) {
      low = middle + 1;
    } else {
      return static_cast<uint64_t>(copy.ranges[middle * 2 + 1]);
    }
  }
  return pointer + kUnmappedStackPages * kPageBytes;
}

}  // namespace

size_t AddStack(const StoppedCopy& copy, size_t count, uint64_t pointer) {
  if (pointer < kRedZone) return count;
  uint64_t from = (pointer - kRedZone) / kPageBytes * kPageBytes;
  uint64_t to = std::min(StackEnd(copy, pointer), from + copy.max_stack_bytes);
  for (uint64_t page = from; page < to && count < copy.room; page += kPageBytes) {
    double address = static_cast<double>(page);
    if (!std::binary_search(copy.pages, copy.pages + copy.wanted, address)) copy.pages[count++] = address;
  }
  return count;
}

void CopyPages(const StoppedCopy& copy, size_t count) {
  ReadPages(copy.pid, copy.pages, count, copy.out, copy.readable);
}

}  // namespace sleeper
