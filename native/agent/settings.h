// What the sleeping thread needs to start the helper, copied once when the agent is armed.
#pragma once

#include <cstdint>
#include <string>

namespace sleeper {

struct Settings {
  // Zero-terminated strings one behind the other.
  std::string argv;
  std::string environment;
  // Directory of the reports, for the path that is announced before the report exists.
  std::string archive;
  // The longest time a dying program waits for its report.
  int64_t death_limit_ms;
};

// C view of the settings; never freed, so that every thread may read it at any time.
struct Launch {
  char* const* argv;
  char* const* environment;
  const char* archive;
  const char* hostname;
  int64_t death_limit_ms;
};

// Copies the settings. Later calls change nothing. Returns 0 or -ENOMEM.
int KeepSettings(const Settings& settings);

// Null before the agent is armed.
const Launch* CurrentLaunch();

}  // namespace sleeper
