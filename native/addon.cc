// Node-API glue: checks the arguments, calls, hands back a number. src/native.ts and
// src/agent/native.cts say what each function promises.
#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmath>
#include <memory>
#include <string>

#include "agent/capture.h"
#include "agent/helper_process.h"
#include "agent/isolate_registry.h"
#include "agent/notes.h"
#include "agent/sleeping_thread.h"
#include "agent_connection.h"
#include "process_memory.h"
#include "ptrace_stop.h"

namespace sleeper {

namespace {

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

}  // namespace

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env, Napi::Object exports) {
    DefineAddon(exports, {
                             InstanceMethod("readMemory", &Addon::ReadMemory),
                             InstanceMethod("readPages", &Addon::ReadPages),
                             InstanceMethod("stopThreads", &Addon::StopThreads),
                             InstanceMethod("resumeThreads", &Addon::ResumeThreads),
                             InstanceMethod("connectAgent", &Addon::ConnectAgent),
                             InstanceMethod("isMainThread", &Addon::IsMainThread),
                             InstanceMethod("armAgent", &Addon::ArmAgent),
                             InstanceMethod("disarmAgent", &Addon::DisarmAgent),
                             InstanceMethod("setAnnotations", &Addon::SetAnnotations),
                             InstanceMethod("addBreadcrumb", &Addon::AddBreadcrumb),
                             InstanceMethod("describeProcess", &Addon::DescribeProcess),
                             InstanceMethod("runHelper", &Addon::RunHelper),
                         });
  }

 private:
  Napi::Value ReadMemory(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    pid_t pid = arguments.Pid("pid");
    double address = arguments.Number("address");
    Napi::Uint8Array out = arguments.Bytes("out");
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::ReadMemory(pid, static_cast<uint64_t>(address), out.Data(), out.ByteLength()));
  }

  Napi::Value ReadPages(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    pid_t pid = arguments.Pid("pid");
    auto addresses = arguments.Typed<Napi::Float64Array>("addresses", napi_float64_array, "a Float64Array");
    Napi::Uint8Array out = arguments.Bytes("out");
    Napi::Uint8Array readable = arguments.Bytes("readable");
    if (!arguments.ok()) return Napi::Value();
    size_t count = addresses.ElementLength();
    if (out.ByteLength() < count * kPageBytes) arguments.Refuse("out", "room for each page");
    if (readable.ByteLength() < count) arguments.Refuse("readable", "room for each page");
    for (size_t i = 0; i < count && arguments.ok(); i++) {
      // Negated so that NaN is refused, too. 2^63 and above do not convert.
      if (!(addresses[i] >= 0 && addresses[i] < 9223372036854775808.0)) arguments.Refuse("addresses", "addresses");
    }
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::ReadPages(pid, addresses.Data(), count, out.Data(), readable.Data()));
  }

  Napi::Value StopThreads(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    auto tids = arguments.Typed<Napi::Int32Array>("tids", napi_int32_array, "an Int32Array");
    Napi::Uint8Array registers = arguments.Bytes("registers");
    auto results = arguments.Typed<Napi::Int32Array>("results", napi_int32_array, "an Int32Array");
    uint32_t stop_timeout_ms = arguments.Small("stopTimeoutMs");
    uint32_t hold_limit_ms = arguments.Small("holdLimitMs");
    if (!arguments.ok()) return Napi::Value();
    size_t count = tids.ElementLength();
    if (registers.ByteLength() < count * kRegisterSetBytes) arguments.Refuse("registers", "room for each thread");
    if (results.ElementLength() < count) arguments.Refuse("results", "room for each thread");
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::StopThreads(tids.Data(), count, registers.Data(), results.Data(), stop_timeout_ms,
                                             hold_limit_ms));
  }

  Napi::Value ResumeThreads(const Napi::CallbackInfo& info) { return Result(info, sleeper::ResumeThreads()); }

  Napi::Value ConnectAgent(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    pid_t pid = arguments.Pid("pid");
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::ConnectAgent(pid));
  }

  Napi::Value IsMainThread(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), syscall(SYS_gettid) == getpid());
  }

  Napi::Value ArmAgent(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    Settings settings;
    settings.argv = arguments.Text("argv");
    settings.environment = arguments.Text("environment");
    settings.archive = arguments.Text("archive");
    settings.hostname = arguments.Text("hostname");
    uint32_t worker_id = arguments.Small("workerId");
    if (arguments.ok() && settings.argv.empty()) arguments.Refuse("argv", "a program");
    if (!arguments.ok()) return Napi::Value();
    int result = StartSleepingThread(settings);
    if (result == 0) result = RegisterIsolate(info.Env(), worker_id);
    return Result(info, result);
  }

  Napi::Value DisarmAgent(const Napi::CallbackInfo& info) {
    UnregisterIsolate(info.Env());
    return info.Env().Undefined();
  }

  Napi::Value SetAnnotations(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    std::string json = arguments.Text("json");
    if (!arguments.ok()) return Napi::Value();
    return Napi::Boolean::New(info.Env(), sleeper::SetAnnotations(json.data(), json.size()));
  }

  Napi::Value AddBreadcrumb(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    std::string json = arguments.Text("json");
    if (!arguments.ok()) return Napi::Value();
    return Napi::Boolean::New(info.Env(), sleeper::AddBreadcrumb(json.data(), json.size()));
  }

  Napi::Value DescribeProcess(const Napi::CallbackInfo& info) {
    constexpr size_t kBytes = 128 * 1024;
    auto text = std::make_unique<char[]>(kBytes);
    TextBuffer out(text.get(), kBytes);
    out.Add("{\"isolates\":");
    WriteIsolates(out, 0, 0);
    out.Add(",");
    WriteNotes(out);
    out.Add("}");
    return Napi::String::New(info.Env(), out.data(), out.length());
  }

  Napi::Value RunHelper(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    std::string request = arguments.Text("request");
    uint32_t timeout_ms = arguments.Small("timeoutMs");
    if (!arguments.ok()) return Napi::Value();
    char answer[kAnswerBytes];
    ssize_t length = sleeper::RunHelper(request.data(), request.size(), HelperAnswer::kOneLine, timeout_ms, answer,
                                        sizeof answer);
    if (length < 0) return Result(info, length);
    return Napi::String::New(info.Env(), answer, static_cast<size_t>(length));
  }

  static Napi::Value Result(const Napi::CallbackInfo& info, int64_t number) {
    return Napi::Number::New(info.Env(), static_cast<double>(number));
  }
};

}  // namespace sleeper

using SleeperAddon = sleeper::Addon;
NODE_API_ADDON(SleeperAddon)
