// Looks for 64-bit words in bytes that the caller has already copied. Knows nothing of processes, ELF or V8. Reads and
// writes only the caller's buffers, allocates nothing, waits for nothing. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sleeper {

// Looks through `count` words at `bytes` (little-endian, no alignment needed) for those equal to one of `wanted`, which
// must be in ascending order: what is out of order may be missed, nothing worse. Fills `places` with the indexes where
// they stand, ascending, and returns how many there are. Stops when `room` is full.
size_t FindWords(const uint8_t* bytes, size_t count, const uint64_t* wanted, size_t wanted_count, uint32_t* places,
                 size_t room);

// What the words of a piece of memory refer to, in short: a bit for each block of 1 KiB of all memory, many blocks to a bit.
constexpr size_t kReferenceNoteBytes = 4096;

// Notes the tagged pointers (lowest bits 01) among `count` words at `bytes`. `note` is kReferenceNoteBytes, overwritten.
void NoteReferences(const uint8_t* bytes, size_t count, uint8_t* note);

// False: none of `wanted`, tagged pointers all, was among the words noted. True: one of them may have been.
bool MayRefer(const uint8_t* note, const uint64_t* wanted, size_t wanted_count);

}  // namespace sleeper
