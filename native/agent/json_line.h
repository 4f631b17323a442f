// Just enough JSON to read the agent's requests: one flat object of strings and numbers on a line.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sleeper {

// A piece of the line.
struct JsonText {
  const char* data = nullptr;
  size_t length = 0;

  bool Equals(const char* text) const;
};

// The value of member `name`: the inside of a string, escapes left as they are, or the digits of a number. Empty when
// the line is no flat object or has no such member.
JsonText JsonMember(const char* line, size_t length, const char* name);

// A number from 0 to `most`; `absent` when it is none.
int64_t JsonNumber(JsonText text, int64_t most, int64_t absent);

}  // namespace sleeper
