// A word that threads wait on (futex), with a bound. No locks, no memory: usable on a thread in any state.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace sleeper {

inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerSecond = 1'000'000'000;

// CLOCK_MONOTONIC, nanoseconds.
inline int64_t MonotonicNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

class WaitWord {
 public:
  constexpr WaitWord() = default;

  uint32_t Load() const { return word_.load(std::memory_order_acquire); }

  // Adds one and wakes all who wait. Returns the new value.
  uint32_t Advance() {
    uint32_t value = word_.fetch_add(1, std::memory_order_acq_rel) + 1;
    syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    return value;
  }

  // Waits while the word is `seen`. May return early. False when the deadline has passed.
  bool Wait(uint32_t seen, int64_t deadline_ns) const {
    int64_t left = deadline_ns - MonotonicNs();
    if (left <= 0) return false;
    timespec timeout{left / kNsPerSecond, left % kNsPerSecond};
    syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, seen, &timeout, nullptr, 0);
    return true;
  }

 private:
  std::atomic<uint32_t> word_{0};
};

}  // namespace sleeper
