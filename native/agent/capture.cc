#include "capture.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "helper_process.h"
#include "isolate_registry.h"
#include "notes.h"
#include "settings.h"

namespace sleeper {

namespace {

constexpr int64_t kReportTimeoutMs = 10'000;
// Isolates (100 bytes each), 64 breadcrumbs of 1 KiB, annotations of 16 KiB.
char request_text[160 * 1024];

void AddTime(TextBuffer& out, const tm& utc, const char* between_date, const char* between_time) {
  out.AddNumber(utc.tm_year + 1900, 4).Add(between_date).AddNumber(utc.tm_mon + 1, 2).Add(between_date);
  out.AddNumber(utc.tm_mday, 2).Add("T").AddNumber(utc.tm_hour, 2).Add(between_time);
  out.AddNumber(utc.tm_min, 2).Add(between_time).AddNumber(utc.tm_sec, 2);
}

// A random UUID (version 4).
void WriteUuid(char* out, size_t capacity) {
  uint8_t bytes[16];
  if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != sizeof bytes) {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memcpy(bytes, &now, sizeof bytes);
  }
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  TextBuffer text(out, capacity);
  for (size_t i = 0; i < sizeof bytes; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.Add("-");
    text.AddHex(bytes[i], 2);
  }
}

// As in src/archive/file-name.ts: letters, digits, `_`, `.` and `-`, at most 64.
void AddHost(TextBuffer& out, const char* hostname) {
  if (*hostname == '\0') out.Add("_");
  for (int i = 0; hostname[i] != '\0' && i < 64; i++) {
    char character = hostname[i];
    bool plain = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
                 (character >= 'A' && character <= 'Z') || strchr("_.-", character) != nullptr;
    out.Add(plain ? &character : "_", 1);
  }
}

TextBuffer BeginRequest(const CaptureRequest& request, const char* mode) {
  TextBuffer text(request_text, sizeof request_text);
  text.Add("{\"pid\":").AddNumber(getpid()).Add(",\"mode\":\"").Add(mode);
  text.Add("\",\"trigger\":{\"kind\":\"request\",\"reason\":\"").Add(request.escaped_reason).Add("\"},\"archive\":\"");
  text.AddEscaped(CurrentLaunch()->archive).Add("\",\"isolates\":");
  WriteIsolates(text, request.caller, request.frame_pointer);
  return text;
}

}  // namespace

void WriteHelperError(ssize_t result, char* out, size_t capacity) {
  TextBuffer text(out, capacity);
  text.Add("ERROR the helper process ");
  if (result == -ETIMEDOUT) {
    text.Add("did not answer in time");
  } else if (result == -EPIPE) {
    text.Add("ended without an answer");
  } else {
    text.Add("could not be started: errno ").AddNumber(-result);
  }
}

void PlanReport(PlannedReport& plan) {
  WriteUuid(plan.id, sizeof plan.id);
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc;
  // Unlike gmtime_r() this knows no time zone files and no locks. Days to civil date after H. Hinnant.
  int64_t days = now.tv_sec / 86400;
  int64_t seconds = now.tv_sec % 86400;
  int64_t shifted = days + 719468;
  int64_t era = shifted / 146097;
  int64_t day_of_era = shifted % 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  utc.tm_mday = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  utc.tm_mon = static_cast<int>(month < 10 ? month + 2 : month - 10);
  utc.tm_year = static_cast<int>(year_of_era + era * 400 + (utc.tm_mon < 2 ? 1 : 0) - 1900);
  utc.tm_hour = static_cast<int>(seconds / 3600);
  utc.tm_min = static_cast<int>(seconds / 60 % 60);
  utc.tm_sec = static_cast<int>(seconds % 60);

  TextBuffer requested_at(plan.requested_at, sizeof plan.requested_at);
  AddTime(requested_at, utc, "-", ":");
  requested_at.Add(".").AddNumber(now.tv_nsec / 1'000'000, 3).Add("Z");
  TextBuffer name(plan.file_name, sizeof plan.file_name);
  AddTime(name, utc, "", "");
  name.Add("Z-");
  AddHost(name, CurrentLaunch()->hostname);
  name.Add("-").AddNumber(getpid()).Add("-request-").Add(plan.id, 8).Add(".msgpack");
}

void WritePath(const PlannedReport& plan, TextBuffer& out) {
  out.Add(CurrentLaunch()->archive).Add("/").Add(plan.file_name);
}

bool CaptureReport(const CaptureRequest& request, const PlannedReport& plan, char* answer, size_t capacity) {
  TextBuffer text = BeginRequest(request, "report");
  text.Add(",\"reportId\":\"").Add(plan.id).Add("\",\"fileName\":\"").Add(plan.file_name);
  text.Add("\",\"requestedAt\":\"").Add(plan.requested_at).Add("\",");
  WriteNotes(text);
  text.Add("}\n");
  ssize_t result =
      RunHelper(text.data(), text.length(), HelperAnswer::kOneLine, kReportTimeoutMs, answer, capacity);
  if (result < 0) WriteHelperError(result, answer, capacity);
  return strncmp(answer, "REPORT ", 7) == 0;
}

void CaptureVanished(const char* files) {
  TextBuffer text(request_text, sizeof request_text);
  text.Add("{\"pid\":").AddNumber(getpid()).Add(",\"mode\":\"vanished\",\"archive\":\"");
  text.AddEscaped(CurrentLaunch()->archive).Add("\",\"trigger\":{\"kind\":\"vanished\",\"reason\":");
  text.Add("\"its flight recorder was found when another process started\"},\"flight\":{").Add(files).Add("}}\n");
  static char answer[kAnswerBytes];
  RunHelper(text.data(), text.length(), HelperAnswer::kOneLine, kReportTimeoutMs, answer, sizeof answer);
}

void CaptureStacks(const CaptureRequest& request, int64_t timeout_ms, char* text, size_t capacity) {
  TextBuffer line = BeginRequest(request, "stacks");
  line.Add("}\n");
  ssize_t result = RunHelper(line.data(), line.length(), HelperAnswer::kUntilEnd, timeout_ms, text, capacity);
  if (result < 0) WriteHelperError(result, text, capacity);
}

}  // namespace sleeper
