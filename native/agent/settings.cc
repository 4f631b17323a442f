#include "settings.h"

#include <sys/utsname.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sleeper {

namespace {

std::atomic<const Launch*> launch{nullptr};

// The strings of `block` as a null-terminated vector.
char* const* Split(const std::string& block) {
  size_t count = 0;
  for (char character : block) count += character == '\0';
  auto** vector = static_cast<char**>(malloc((count + 1) * sizeof(char*)));
  auto* text = static_cast<char*>(malloc(block.size() + 1));
  if (vector == nullptr || text == nullptr) return nullptr;
  memcpy(text, block.data(), block.size());
  for (size_t i = 0; i < count; i++) {
    vector[i] = text;
    text += strlen(text) + 1;
  }
  vector[count] = nullptr;
  return vector;
}

// Empty when the kernel has none.
char* Hostname() {
  utsname names;
  return strdup(uname(&names) == 0 ? names.nodename : "");
}

}  // namespace

int KeepSettings(const Settings& settings) {
  if (launch.load() != nullptr) return 0;
  auto* kept = static_cast<Launch*>(malloc(sizeof(Launch)));
  if (kept == nullptr) return -ENOMEM;
  *kept = {Split(settings.argv), Split(settings.environment), strdup(settings.archive.c_str()),
           Hostname(), settings.death_limit_ms};
  if (!kept->argv || !kept->environment || !kept->archive || !kept->hostname) return -ENOMEM;
  launch.store(kept, std::memory_order_release);
  return 0;
}

const Launch* CurrentLaunch() { return launch.load(std::memory_order_acquire); }

}  // namespace sleeper
