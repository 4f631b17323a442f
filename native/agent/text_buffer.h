// Text put together in memory prepared before: no allocation, no stdio, so it works while another thread stands inside
// malloc. What does not fit is cut, and `overflowed()` says so.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sleeper {

class TextBuffer {
 public:
  // `capacity` counts the terminating zero.
  TextBuffer(char* data, size_t capacity) : data_(data), capacity_(capacity) { Clear(); }

  void Clear() {
    length_ = 0;
    overflowed_ = false;
    data_[0] = '\0';
  }

  TextBuffer& Add(const char* text) {
    while (*text != '\0') Put(*text++);
    return *this;
  }
  TextBuffer& Add(const char* text, size_t length) {
    for (size_t i = 0; i < length; i++) Put(text[i]);
    return *this;
  }
  TextBuffer& AddNumber(int64_t number, int least_digits = 1) {
    if (number < 0) Put('-');
    char digits[20];
    int count = 0;
    uint64_t rest = number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    do {
      digits[count++] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0 || count < least_digits);
    while (count > 0) Put(digits[--count]);
    return *this;
  }
  TextBuffer& AddHex(uint64_t number, int least_digits = 1) {
    int digits = least_digits;
    while (digits < 16 && (number >> (4 * digits)) != 0) digits++;
    while (digits > 0) Put("0123456789abcdef"[(number >> (4 * --digits)) & 15]);
    return *this;
  }
  // The inside of a JSON string.
  TextBuffer& AddEscaped(const char* text) {
    for (; *text != '\0'; text++) {
      auto byte = static_cast<unsigned char>(*text);
      if (byte == '"' || byte == '\\') {
        Put('\\');
        Put(*text);
      } else if (byte < 0x20) {
        Add("\\u").AddHex(byte, 4);
      } else {
        Put(*text);
      }
    }
    return *this;
  }

  const char* data() const { return data_; }
  size_t length() const { return length_; }
  bool overflowed() const { return overflowed_; }

 private:
  void Put(char character) {
    if (length_ + 1 >= capacity_) {
      overflowed_ = true;
      return;
    }
    data_[length_++] = character;
    data_[length_] = '\0';
  }

  char* data_;
  size_t capacity_;
  size_t length_ = 0;
  bool overflowed_ = false;
};

}  // namespace sleeper
