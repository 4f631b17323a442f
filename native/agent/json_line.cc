#include "json_line.h"

#include <cstring>

namespace sleeper {

namespace {

class Scanner {
 public:
  Scanner(const char* line, size_t length) : next_(line), end_(line + length) {}

  bool Take(char wanted) {
    SkipSpace();
    if (next_ == end_ || *next_ != wanted) return false;
    next_++;
    return true;
  }

  bool AtEnd() {
    SkipSpace();
    return next_ == end_;
  }

  // The inside of a string. Control characters and unknown escapes make it invalid, so it may be passed on as it is.
  bool TakeString(JsonText& text) {
    if (!Take('"')) return false;
    const char* begin = next_;
    for (; next_ != end_; next_++) {
      auto byte = static_cast<unsigned char>(*next_);
      if (byte < 0x20) return false;
      if (byte == '"') {
        text = {begin, static_cast<size_t>(next_ - begin)};
        next_++;
        return true;
      }
      if (byte == '\\' && !SkipEscape()) return false;
    }
    return false;
  }

  bool TakeScalar(JsonText& text) {
    SkipSpace();
    if (next_ != end_ && *next_ == '"') return TakeString(text);
    const char* begin = next_;
    while (next_ != end_ && memchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *next_, 40) != nullptr) next_++;
    text = {begin, static_cast<size_t>(next_ - begin)};
    return text.length > 0;
  }

 private:
  void SkipSpace() {
    while (next_ != end_ && (*next_ == ' ' || *next_ == '\t' || *next_ == '\r')) next_++;
  }

  // Leaves the cursor on the last character of the escape.
  bool SkipEscape() {
    if (++next_ == end_) return false;
    if (*next_ != 'u') return memchr("\"\\/bfnrt", *next_, 8) != nullptr;
    if (end_ - next_ < 5) return false;
    for (int i = 1; i <= 4; i++) {
      if (memchr("0123456789abcdefABCDEF", next_[i], 22) == nullptr) return false;
    }
    next_ += 4;
    return true;
  }

  const char* next_;
  const char* end_;
};

}  // namespace

bool JsonText::Equals(const char* text) const {
  return data != nullptr && strlen(text) == length && memcmp(data, text, length) == 0;
}

JsonText JsonMember(const char* line, size_t length, const char* name) {
  Scanner scanner(line, length);
  JsonText found;
  if (!scanner.Take('{') || scanner.Take('}')) return {};
  do {
    JsonText key;
    JsonText value;
    if (!scanner.TakeString(key) || !scanner.Take(':') || !scanner.TakeScalar(value)) return {};
    if (key.Equals(name)) found = value;
  } while (scanner.Take(','));
  return scanner.Take('}') && scanner.AtEnd() ? found : JsonText{};
}

int64_t JsonNumber(JsonText text, int64_t most, int64_t absent) {
  if (text.length == 0) return absent;
  int64_t number = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return absent;
    number = number * 10 + (text.data[i] - '0');
    if (number > most) return absent;
  }
  return number;
}

}  // namespace sleeper
