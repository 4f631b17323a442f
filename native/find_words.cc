#include "find_words.h"

#include <algorithm>
#include <cstring>

namespace sleeper {

namespace {

// A bit for each value of some bits of a word, 8 KiB in all: it stays in the first-level cache while megabytes go by.
// Pointers differ most in these; the lowest three are the same in nearly all of them.
class Sieve {
 public:
  Sieve(const uint64_t* wanted, size_t count) {
    for (size_t i = 0; i < count; i++) bits_[Slot(wanted[i])] |= uint64_t{1} << Bit(wanted[i]);
  }

  // The lowest bit: 1 when the word may be wanted. The others mean nothing.
  uint64_t Test(uint64_t word) const { return bits_[Slot(word)] >> Bit(word); }

 private:
  static size_t Slot(uint64_t word) { return (word >> 9) & (kSlots - 1); }
  static uint64_t Bit(uint64_t word) { return (word >> 3) & 63; }

  static constexpr size_t kSlots = 1024;
  uint64_t bits_[kSlots] = {};
};

// Words tested before the first branch.
constexpr size_t kAtOnce = 8;

uint64_t WordAt(const uint8_t* bytes, size_t index) {
  uint64_t word;
  memcpy(&word, bytes + index * sizeof word, sizeof word);
  return word;
}

}  // namespace

size_t FindWords(const uint8_t* bytes, size_t count, const uint64_t* wanted, size_t wanted_count, uint32_t* places,
                 size_t room) {
  const Sieve sieve(wanted, wanted_count);
  size_t found = 0;
  for (size_t start = 0; start < count && found < room; start += kAtOnce) {
    size_t end = std::min(count, start + kAtOnce);
    uint64_t any = 0;
    if (end - start == kAtOnce) {
      for (size_t i = 0; i < kAtOnce; i++) any |= sieve.Test(WordAt(bytes, start + i));
    } else {
      any = 1;
    }
    if ((any & 1) == 0) continue;
    for (size_t i = start; i < end && found < room; i++) {
      uint64_t word = WordAt(bytes, i);
      if ((sieve.Test(word) & 1) == 0 || !std::binary_search(wanted, wanted + wanted_count, word)) continue;
      places[found++] = static_cast<uint32_t>(i);
    }
  }
  return found;
}

}  // namespace sleeper
