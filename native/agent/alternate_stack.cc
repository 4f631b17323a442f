#include "alternate_stack.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace sleeper {

namespace {

// For our handler, or a former owner's that it calls.
constexpr size_t kRoomBytes = 64 * 1024;
constexpr size_t kGuardBytes = 4096;

thread_local void* own_mapping = nullptr;

// What the kernel itself puts there: 11 KiB where the CPU has wide registers.
size_t StackBytes() {
  size_t frame = getauxval(AT_MINSIGSTKSZ);
  return kRoomBytes + (frame + kGuardBytes - 1) / kGuardBytes * kGuardBytes;
}

}  // namespace

void GiveAlternateStack() {
  stack_t current;
  if (sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) return;
  size_t bytes = StackBytes();
  void* mapping = mmap(nullptr, kGuardBytes + bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return;
  char* stack = static_cast<char*>(mapping) + kGuardBytes;
  stack_t ours{stack, 0, bytes};
  if (mprotect(stack, bytes, PROT_READ | PROT_WRITE) != 0 || sigaltstack(&ours, nullptr) != 0) {
    munmap(mapping, kGuardBytes + bytes);
    return;
  }
  own_mapping = mapping;
}

void TakeAlternateStack() {
  if (own_mapping == nullptr) return;
  stack_t current;
  bool is_ours = sigaltstack(nullptr, &current) == 0 && current.ss_sp == static_cast<char*>(own_mapping) + kGuardBytes;
  stack_t none{nullptr, SS_DISABLE, 0};
  if (is_ours && sigaltstack(&none, nullptr) != 0) return;
  munmap(own_mapping, kGuardBytes + StackBytes());
  own_mapping = nullptr;
}

}  // namespace sleeper
