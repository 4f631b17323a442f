#include "watching_sleeper.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "memory_copy.h"
#include "settings.h"
#include "stream.h"
#include "text_buffer.h"
#include "wait_word.h"

namespace sleeper {

namespace {

// A watcher is at its loop again within milliseconds; one that is stopped or starved must not cost the report.
constexpr int64_t kReadyMs = 400;
constexpr size_t kSettingsBytes = 8 * 1024;
constexpr uint64_t kNobody = ~uint64_t{0};

// Descriptor and pid, in one word. Whoever asks takes it out for that time: two threads never speak at once, and a debugger
// that throws a call away leaves nobody a half-read answer.
std::atomic<uint64_t> offer{kNobody};

uint64_t Pack(int fd, pid_t peer) { return (static_cast<uint64_t>(peer) << 32) | static_cast<uint32_t>(fd); }
int DescriptorOf(uint64_t packed) { return static_cast<int>(packed & 0xffffffff); }
pid_t PeerOf(uint64_t packed) { return static_cast<pid_t>(packed >> 32); }

// What the helper would find in its environment: `{"environment":{"SLEEPER_LOG":"…"},`, to stand before the request's members.
// False when it is too long.
bool WriteSettings(TextBuffer& text) {
  constexpr char kOurs[] = "SLEEPER_";
  text.Add("{\"environment\":{");
  const char* separator = "\"";
  for (char* const* pair = CurrentLaunch()->environment; *pair != nullptr; pair++) {
    const char* equals = strchr(*pair, '=');
    if (strncmp(*pair, kOurs, strlen(kOurs)) != 0 || equals == nullptr) continue;
    text.Add(separator).Add(*pair, static_cast<size_t>(equals - *pair)).Add("\":\"").AddEscaped(equals + 1).Add("\"");
    separator = ",\"";
  }
  text.Add("},");
  return !text.overflowed();
}

// Returns 0, or -EBUSY: not now, or -EPIPE: there is nothing to be expected from it.
int AskWhetherReady(int fd, int64_t deadline) {
  constexpr char kQuestion[] = "READY?\n";
  char answer[32];
  if (!SendAll(fd, kQuestion, strlen(kQuestion), deadline) || ReadLine(fd, deadline, answer, sizeof answer) < 0)
    return -EPIPE;
  if (strcmp(answer, "READY") == 0) return 0;
  return strcmp(answer, "BUSY") == 0 ? -EBUSY : -EPIPE;
}

// One request and its answer. Returns as ReadLine() does.
ssize_t Exchange(int fd, const TextBuffer& settings, const char* request, size_t length, int64_t deadline, char* out,
                 size_t capacity) {
  bool sent = SendAll(fd, settings.data(), settings.length(), deadline) &&
              SendAll(fd, request + 1, length - 1, deadline);
  return sent ? ReadLine(fd, deadline, out, capacity) : -EPIPE;
}

}  // namespace

void KeepOffer(int fd, pid_t peer) {
  uint64_t before = offer.exchange(Pack(fd, peer));
  if (before != kNobody) close(DescriptorOf(before));
}

ssize_t AskWatchingSleeper(const char* request, size_t length, int64_t deadline, char* out, size_t capacity) {
  if (offer.load() == kNobody) return -ENOTCONN;
  char space[kSettingsBytes];
  TextBuffer settings(space, sizeof space);
  if (!WriteSettings(settings)) return -E2BIG;
  uint64_t taken = offer.exchange(kNobody);
  if (taken == kNobody) return -EBUSY;
  UniqueFd connection(DescriptorOf(taken));
  ssize_t result = AskWhetherReady(connection.get(), std::min(deadline, MonotonicNs() + kReadyMs * kNsPerMs));
  if (result == 0) {
    // The watcher's descendants may trace us, of whatever user.
    AllowTracer(PeerOf(taken));
    result = Exchange(connection.get(), settings, request, length, deadline, out, capacity);
    if (result >= 0 && strcmp(out, "BUSY") == 0) result = -EBUSY;
  }
  // Its next answer will be one to the next question.
  uint64_t nobody = kNobody;
  bool is_in_step = result >= 0 || result == -EBUSY;
  if (is_in_step && offer.compare_exchange_strong(nobody, taken)) connection.Release();
  return result;
}

}  // namespace sleeper
