// Source: V8, src/flags/flags.cc, FlagList::Hash(): `if (flag_hash != 0) return flag_hash; return flag_hash = Compute…();`. Setting a
// flag zeroes flag_hash. The word is static: its address is taken from the function's first instruction, and believed when it
// behaves so.
#include "flag_hash.h"

#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "v8_calls.h"

namespace sleeper {

namespace {

using Word = std::atomic<uint32_t>;

// Of ScriptCompiler::CachedDataVersionTag(), which calls FlagList::Hash() and is public.
constexpr size_t kTagBytes = 512;
constexpr uint8_t kCall = 0xe8;

// Where `code` may point anywhere: without a fault.
bool Read(uint64_t address, void* out, size_t bytes) {
  iovec local{out, bytes};
  iovec remote{reinterpret_cast<void*>(address), bytes};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

// `target` of an instruction's last operand, relative to its end.
uint64_t Target(uint64_t end, const uint8_t* operand) {
  int32_t distance;
  memcpy(&distance, operand, sizeof distance);
  return end + static_cast<int64_t>(distance);
}

// The word that a function begins with reading: `mov eax, [rip+distance]; test eax, eax; je`. 0: it begins otherwise.
uint64_t WordReadFirst(uint64_t function) {
  uint8_t code[9];
  if (!Read(function, code, sizeof code)) return 0;
  bool matches = code[0] == 0x8b && code[1] == 0x05 && code[6] == 0x85 && code[7] == 0xc0 && code[8] == 0x74;
  return matches ? Target(function + 6, code + 2) : 0;
}

Word* FindFlagHash(uint64_t tag_function) {
  uint8_t code[kTagBytes];
  if (!Read(tag_function, code, sizeof code)) return nullptr;
  for (size_t i = 0; i + 5 <= sizeof code; i++) {
    if (code[i] != kCall) continue;
    uint64_t word = WordReadFirst(Target(tag_function + i + 5, code + i + 1));
    uint32_t value;
    if (word % alignof(Word) == 0 && word != 0 && Read(word, &value, sizeof value)) return reinterpret_cast<Word*>(word);
  }
  return nullptr;
}

}  // namespace

void SetNeutralFlag(const char* flag) {
  const V8Calls& v8 = V8();
  Word* hash = nullptr;
  if (v8.cached_data_version_tag) hash = FindFlagHash(reinterpret_cast<uint64_t>(v8.cached_data_version_tag));
  uint32_t tag = hash ? v8.cached_data_version_tag() : 0;
  uint32_t before = hash ? hash->load() : 0;
  v8.set_flags(flag);
  if (before == 0 || hash->load() != 0) return;
  // Computed anew, and different: it is what it is taken for.
  bool differs = v8.cached_data_version_tag() != tag && hash->load() != 0 && hash->load() != before;
  if (differs) hash->store(before);
}

}  // namespace sleeper
