// Node-API glue: checks the arguments, calls, hands back a number. src/native.ts and
// src/agent/native.cts say what each function promises.
#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "agent/alternate_stack.h"
#include "agent/capture.h"
#include "agent/flight_recorder.h"
#include "agent/foreign_isolates.h"
#include "agent/heap_limit.h"
#include "agent/helper_process.h"
#include "agent/isolate_registry.h"
#include "agent/loop_beat.h"
#include "agent/notes.h"
#include "agent/sleeping_thread.h"
#include "agent/throw_watch.h"
#include "agent/v8_calls.h"
#include "agent/worker_error.h"
#include "agent_connection.h"
#include "arguments.h"
#include "in_signal/fatal_signal.h"
#include "process_end.h"
#include "process_memory.h"
#include "search_calls.h"
#include "stop_call.h"
#include "watcher_calls.h"

namespace sleeper {

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env, Napi::Object exports) {
    DefineAddon(exports, {
                             InstanceMethod("readMemory", &Addon::ReadMemory),
                             InstanceMethod("readPages", &Addon::ReadPages),
                             InstanceMethod("findWords", &Addon::FindWords),
                             InstanceMethod("noteReferences", &Addon::NoteReferences),
                             InstanceMethod("findReferrers", &Addon::FindReferrers),
                             InstanceMethod("stopThreads", &Addon::StopThreads),
                             InstanceMethod("resumeThreads", &Addon::ResumeThreads),
                             InstanceMethod("connectAgent", &Addon::ConnectAgent),
                             InstanceMethod("openProcess", &Addon::OpenProcess),
                             InstanceMethod("readExitStatus", &Addon::ReadExitStatus),
                             InstanceMethod("signalProcess", &Addon::SignalProcess),
                             InstanceMethod("sendDatagram", &Addon::SendDatagram),
                             InstanceMethod("isMainThread", &Addon::IsMainThread),
                             InstanceMethod("armAgent", &Addon::ArmAgent),
                             InstanceMethod("disarmAgent", &Addon::DisarmAgent),
                             InstanceMethod("openFlightRecorder", &Addon::OpenFlightRecorder),
                             InstanceMethod("closeFlightRecorder", &Addon::CloseFlightRecorder),
                             InstanceMethod("flightRequests", &Addon::FlightRequests),
                             InstanceMethod("setAnnotations", &Addon::SetAnnotations),
                             InstanceMethod("addBreadcrumb", &Addon::AddBreadcrumb),
                             InstanceMethod("describeProcess", &Addon::DescribeProcess),
                             InstanceMethod("runHelper", &Addon::RunHelper),
                             InstanceMethod("claimThrow", &Addon::ClaimThrow),
                             InstanceMethod("releaseThrow", &Addon::ReleaseThrow),
                             InstanceMethod("isToldByWorker", &Addon::IsToldByWorker),
                             InstanceMethod("setOpenError", &Addon::SetOpenError),
                             InstanceMethod("yieldToForeignIsolates", &Addon::YieldToForeignIsolates),
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

  Napi::Value FindWords(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    size_t found = CallFindWords(arguments);
    return arguments.ok() ? Result(info, static_cast<int64_t>(found)) : Napi::Value();
  }

  void NoteReferences(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    CallNoteReferences(arguments);
  }

  void FindReferrers(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    CallFindReferrers(arguments);
  }

  Napi::Value StopThreads(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    int stopped = CallStopThreads(arguments, info.Length());
    return arguments.ok() ? Result(info, stopped) : Napi::Value();
  }

  Napi::Value ResumeThreads(const Napi::CallbackInfo& info) { return Result(info, sleeper::ResumeThreads()); }

  Napi::Value ConnectAgent(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    pid_t pid = arguments.Pid("pid");
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::ConnectAgent(pid));
  }

  Napi::Value OpenProcess(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    pid_t pid = arguments.Pid("pid");
    return arguments.ok() ? Result(info, sleeper::OpenProcess(pid)) : Napi::Value();
  }

  Napi::Value ReadExitStatus(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    uint32_t pidfd = arguments.Small("pidfd");
    return arguments.ok() ? Result(info, sleeper::ReadExitStatus(static_cast<int>(pidfd))) : Napi::Value();
  }

  Napi::Value SignalProcess(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    uint32_t directory = arguments.Small("directory");
    uint32_t signal = arguments.Small("signal");
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::SignalProcess(static_cast<int>(directory), static_cast<int>(signal)));
  }

  Napi::Value SendDatagram(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    std::string path = arguments.Text("path");
    std::string text = arguments.Text("text");
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::SendDatagram(path.data(), path.size(), text.data(), text.size()));
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
    uint32_t worker_id = arguments.Small("workerId");
    settings.death_limit_ms = arguments.Small("deathLimitMs");
    uint32_t watched = arguments.Small("watched");
    if (arguments.ok() && settings.argv.empty()) arguments.Refuse("argv", "a program");
    if (!arguments.ok()) return Napi::Value();
    int result = StartSleepingThread(settings);
    if (result == 0) result = RegisterIsolate(info.Env(), worker_id);
    // Its account of the loop is worth having, but not needed.
    if (result == 0) StartLoopBeat(info.Env(), worker_id);
    if (result == 0) WatchForDeath(worker_id != 0, watched);
    return Result(info, result);
  }

  Napi::Value OpenFlightRecorder(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    std::string directories = arguments.Text("directories");
    std::string identity = arguments.Text("identity");
    if (!arguments.ok()) return Napi::Value();
    return Result(info, sleeper::OpenFlightRecorder(directories, identity));
  }

  Napi::Value CloseFlightRecorder(const Napi::CallbackInfo& info) {
    sleeper::CloseFlightRecorder();
    return info.Env().Undefined();
  }

  Napi::Value FlightRequests(const Napi::CallbackInfo& info) {
    FlightFile& flight = Flight();
    return Napi::ArrayBuffer::New(info.Env(), flight.requests, sizeof flight.requests);
  }

  // `watched`: bits as in src/agent/native.cts.
  static void WatchForDeath(bool is_worker, uint32_t watched) {
    constexpr uint32_t kThrows = 1;
    constexpr uint32_t kSignals = 2;
    constexpr uint32_t kHeapLimit = 4;
    constexpr uint32_t kOthersWatchHeap = 8;
    void* isolate = CurrentIsolate();
    if ((watched & kThrows) != 0) WatchThrows(isolate);
    if ((watched & kHeapLimit) != 0) WatchHeapLimit(isolate, is_worker || (watched & kOthersWatchHeap) != 0);
    if ((watched & kSignals) == 0) return;
    GiveAlternateStack();
    InstallFatalSignals(V8().handle_wasm_trap);
  }

  Napi::Value ClaimThrow(const Napi::CallbackInfo& info) {
    char text[512];
    TextBuffer out(text, sizeof text);
    WriteThrow(out, info[0].ToBoolean());
    return Napi::String::New(info.Env(), out.data(), out.length());
  }

  Napi::Value ReleaseThrow(const Napi::CallbackInfo& info) {
    sleeper::ReleaseThrow();
    return info.Env().Undefined();
  }

  Napi::Value SetOpenError(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    std::string json = arguments.Text("json");
    if (arguments.ok()) sleeper::SetOpenError(json.data(), json.size());
    return info.Env().Undefined();
  }

  Napi::Value IsToldByWorker(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    std::string stack = arguments.Text("stack");
    bool is_worker = arguments.Small("workerId") != 0;
    if (!arguments.ok()) return Napi::Value();
    if (is_worker) NoteWorkerError(stack.data(), stack.size());
    return Napi::Boolean::New(info.Env(), !is_worker && IsWorkerError(stack.data(), stack.size()));
  }

  Napi::Value YieldToForeignIsolates(const Napi::CallbackInfo& info) {
    if (HasForeignIsolates()) StopWatchingThrows();
    return info.Env().Undefined();
  }

  Napi::Value DisarmAgent(const Napi::CallbackInfo& info) {
    UnregisterIsolate(info.Env());
    StopLoopBeat();
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
