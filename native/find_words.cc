#include "find_words.h"

#include <algorithm>
#include <cstring>

namespace sleeper {

namespace {

// A byte for each value of some bits of a word, 16 KiB in all: it stays in the first-level cache while megabytes go by.
// Pointers differ most in these; the lowest three are the same in nearly all of them.
class Sieve {
 public:
  Sieve(const uint64_t* wanted, size_t count) {
    for (size_t i = 0; i < count; i++) slots_[Slot(wanted[i])] = 1;
  }

  // 1 when the word may be wanted, else 0.
  uint8_t Test(uint64_t word) const { return slots_[Slot(word)]; }

 private:
  static size_t Slot(uint64_t word) { return (word >> 3) & (kSlots - 1); }

  static constexpr size_t kSlots = 16384;
  uint8_t slots_[kSlots] = {};
};

// Words tested before the first branch.
constexpr size_t kAtOnce = 8;

uint64_t WordAt(const uint8_t* bytes, size_t index) {
  uint64_t word;
  memcpy(&word, bytes + index * sizeof word, sizeof word);
  return word;
}

constexpr size_t kReferenceBits = kReferenceNoteBytes * 8;

// Blocks that are neighbours have bits that are neighbours: what a page refers to is mostly close together.
size_t ReferenceBit(uint64_t word) {
  uint64_t block = word >> 10;
  return (block ^ (block >> 15)) & (kReferenceBits - 1);
}

bool IsTaggedPointer(uint64_t word) { return (word & 3) == 1; }

}  // namespace

size_t FindWords(const uint8_t* bytes, size_t count, const uint64_t* wanted, size_t wanted_count, uint32_t* places,
                 size_t room) {
  const Sieve sieve(wanted, wanted_count);
  size_t found = 0;
  for (size_t start = 0; start < count && found < room; start += kAtOnce) {
    size_t end = std::min(count, start + kAtOnce);
    uint8_t any = 0;
    if (end - start == kAtOnce) {
      for (size_t i = 0; i < kAtOnce; i++) any |= sieve.Test(WordAt(bytes, start + i));
    } else {
      any = 1;
    }
    if (any == 0) continue;
    for (size_t i = start; i < end && found < room; i++) {
      uint64_t word = WordAt(bytes, i);
      if (sieve.Test(word) == 0 || !std::binary_search(wanted, wanted + wanted_count, word)) continue;
      places[found++] = static_cast<uint32_t>(i);
    }
  }
  return found;
}

void NoteReferences(const uint8_t* bytes, size_t count, uint8_t* note) {
  // A byte for each bit at first: to set a bit among others would wait for the word before. The last one takes what is no pointer.
  uint8_t seen[kReferenceBits + 1] = {};
  for (size_t i = 0; i < count; i++) {
    uint64_t word = WordAt(bytes, i);
    seen[IsTaggedPointer(word) ? ReferenceBit(word) : kReferenceBits] = 1;
  }
  for (size_t i = 0; i < kReferenceNoteBytes; i++) {
    // Eight bytes of 0 or 1 to the bits of one, the first to the lowest.
    note[i] = static_cast<uint8_t>((WordAt(seen, i) * 0x0102040810204080) >> 56);
  }
}

bool MayRefer(const uint8_t* note, const uint64_t* wanted, size_t wanted_count) {
  for (size_t i = 0; i < wanted_count; i++) {
    size_t bit = ReferenceBit(wanted[i]);
    if ((note[bit / 8] >> (bit % 8)) & 1) return true;
  }
  return false;
}

}  // namespace sleeper
