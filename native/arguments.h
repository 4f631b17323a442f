// The arguments of a call from JavaScript, checked: for addon.cc.
#pragma once

#include <napi.h>
#include <sys/types.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace sleeper {

// Arguments are taken from the front, each with its name for the error message. After the first wrong one a
// TypeError is pending, `ok()` is false and all further values are empty.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  bool ok() const { return ok_; }

  // A whole number from 0 up to 2^53.
  double Number(const char* name) {
    Napi::Value value = info_[next_++];
    double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
    bool valid = number >= 0 && number <= 9007199254740991.0 && std::floor(number) == number;
    if (!valid) Refuse(name, "a whole number, zero or more");
    return valid ? number : 0;
  }

  uint32_t Small(const char* name) {
    double number = Number(name);
    if (number > 0x7fffffff) Refuse(name, "below 2^31");
    return number > 0x7fffffff ? 0 : static_cast<uint32_t>(number);
  }

  pid_t Pid(const char* name) {
    uint32_t pid = Small(name);
    if (ok_ && pid == 0) Refuse(name, "a process or thread id");
    return static_cast<pid_t>(pid);
  }

  template <typename Array>
  Array Typed(const char* name, napi_typedarray_type type, const char* expected) {
    Napi::Value value = info_[next_++];
    if (ok_ && value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type) return value.As<Array>();
    Refuse(name, expected);
    return Array();
  }

  Napi::Uint8Array Bytes(const char* name) {
    Napi::Value value = info_[next_];
    // Buffers are Uint8Arrays.
    if (value.IsBuffer()) {
      next_++;
      return value.As<Napi::Uint8Array>();
    }
    return Typed<Napi::Uint8Array>(name, napi_uint8_array, "a Uint8Array");
  }

  std::string Text(const char* name) {
    Napi::Value value = info_[next_++];
    if (ok_ && value.IsString()) return value.As<Napi::String>().Utf8Value();
    Refuse(name, "a string");
    return std::string();
  }

  void Refuse(const char* name, const char* expected) {
    if (!ok_) return;
    ok_ = false;
    Napi::TypeError::New(info_.Env(), std::string(name) + ": expected " + expected).ThrowAsJavaScriptException();
  }

 private:
  const Napi::CallbackInfo& info_;
  size_t next_ = 0;
  bool ok_ = true;
};

}  // namespace sleeper
