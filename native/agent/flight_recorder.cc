#include "flight_recorder.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "capture.h"
#include "text_buffer.h"
#include "wait_word.h"

namespace sleeper {

namespace {

// linux/magic.h
constexpr long kTmpfsMagic = 0x01021994;
constexpr long kRamfsMagic = 0x858458f6;
// A report of a vanished process takes about a second; more of them than a cluster has are left for the next start.
constexpr int kMaxVanished = 16;
// A claimed file that is older was left by a helper that died.
constexpr time_t kClaimedForgottenSeconds = 600;
constexpr size_t kMaxName = 64;

FlightFile private_memory;
std::atomic<FlightFile*> flight{&private_memory};
pthread_mutex_t open_mutex = PTHREAD_MUTEX_INITIALIZER;
// Of the directory and of the open file, which holds the lock; -1 when there is none.
int directory = -1;
int file = -1;
pid_t owner = 0;
char directory_path[4096];
char file_name[kMaxName];

int64_t ClockUs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
}

// Field 22 of /proc/self/stat; the name of the program, which may hold anything, ends at the last parenthesis.
uint64_t StartTicks() {
  char stat[1024];
  int source = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (source < 0) return 0;
  ssize_t length = read(source, stat, sizeof stat - 1);
  close(source);
  if (length <= 0) return 0;
  stat[length] = '\0';
  char* at = strrchr(stat, ')');
  for (int field = 2; at != nullptr && field < 22; field++) at = strchr(at + 1, ' ');
  return at == nullptr ? 0 : strtoull(at + 1, nullptr, 10);
}

// Opens, and makes if need be, a directory that nobody else can touch. Returns its descriptor or -errno.
int OpenDirectory(const char* path, bool only_tmpfs) {
  if (mkdir(path, 0700) != 0 && errno != EEXIST) return -errno;
  int opened = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return -errno;
  struct stat status;
  struct statfs system;
  int error = fstat(opened, &status) != 0 || fstatfs(opened, &system) != 0 ? errno : 0;
  if (error == 0 && (status.st_uid != geteuid() || (status.st_mode & 077) != 0)) error = EPERM;
  bool volatile_memory = error == 0 && (system.f_type == kTmpfsMagic || system.f_type == kRamfsMagic);
  if (error == 0 && only_tmpfs && !volatile_memory) error = ENOTSUP;
  if (error == 0) return opened;
  close(opened);
  return -error;
}

// Makes the file under a name that nobody looks at, and gives it its own only when it is locked and filled.
int CreateFile(int where, uint64_t start_ticks, const std::string& identity) {
  char draft[kMaxName];
  TextBuffer(draft, sizeof draft).Add(".").AddNumber(getpid()).Add(".new");
  TextBuffer(file_name, sizeof file_name).AddNumber(getpid()).Add("-").AddNumber(static_cast<int64_t>(start_ticks)).Add(".flight");
  unlinkat(where, draft, 0);
  int made = openat(where, draft, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made < 0) return -errno;
  void* memory = MAP_FAILED;
  // Reserved now: a write to a mapped page for which there is no room is a SIGBUS.
  int error = posix_fallocate(made, 0, sizeof(FlightFile));
  if (error == 0 && flock(made, LOCK_EX | LOCK_NB) != 0) error = errno;
  if (error == 0) memory = mmap(nullptr, sizeof(FlightFile), PROT_READ | PROT_WRITE, MAP_SHARED, made, 0);
  if (error == 0 && memory == MAP_FAILED) error = errno;
  if (error != 0) {
    unlinkat(where, draft, 0);
    close(made);
    return -error;
  }
  auto& opened = *static_cast<FlightFile*>(memory);
  FlightHeader& header = opened.header;
  header.version = kFlightVersion;
  header.file_bytes = sizeof(FlightFile);
  header.pid = getpid();
  header.start_ticks = start_ticks;
  header.armed_at_ms = ClockUs(CLOCK_REALTIME) / 1000;
  header.clock_offset_us = ClockUs(CLOCK_REALTIME) - ClockUs(CLOCK_MONOTONIC);
  WriteFlightText(opened.identity, identity.data(), identity.size());
  header.state.store(static_cast<uint32_t>(FlightState::kOpen));
  memcpy(header.magic, kFlightMagic, sizeof kFlightMagic);
  if (renameat(where, draft, where, file_name) != 0) error = errno;
  if (error == 0) {
    flight.store(&opened);
    return made;
  }
  munmap(memory, sizeof(FlightFile));
  unlinkat(where, draft, 0);
  close(made);
  return -error;
}

int OpenIn(const char* path, bool only_tmpfs, const std::string& identity) {
  int where = OpenDirectory(path, only_tmpfs);
  if (where < 0) return where;
  int made = CreateFile(where, StartTicks(), identity);
  if (made < 0) {
    close(where);
    return made;
  }
  TextBuffer(directory_path, sizeof directory_path).Add(path);
  directory = where;
  file = made;
  owner = getpid();
  return 0;
}

struct DirectoryEntry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[256];
};

bool IsFlightName(const char* name) {
  size_t length = strlen(name);
  return length < kMaxName && length > 7 && name[0] != '.' && strcmp(name + length - 7, ".flight") == 0;
}

// Decides about a file that no process holds. True: its process vanished, and nobody else makes the report.
bool Claim(int candidate) {
  FlightHeader header;
  bool whole = pread(candidate, static_cast<void*>(&header), sizeof header, 0) == sizeof header &&
               memcmp(header.magic, kFlightMagic, sizeof kFlightMagic) == 0;
  if (!whole || header.state.load() != static_cast<uint32_t>(FlightState::kOpen)) return false;
  auto claimed = static_cast<uint32_t>(FlightState::kClaimed);
  return pwrite(candidate, &claimed, sizeof claimed, offsetof(FlightHeader, state)) == sizeof claimed;
}

bool IsClaimedLately(int candidate) {
  uint32_t state = 0;
  struct stat status;
  if (pread(candidate, &state, sizeof state, offsetof(FlightHeader, state)) != sizeof state) return false;
  return state == static_cast<uint32_t>(FlightState::kClaimed) && fstat(candidate, &status) == 0 &&
         time(nullptr) - status.st_mtime < kClaimedForgottenSeconds;
}

// True when it is to be reported; then it is claimed and stays until that is done. Else it stays or goes by itself.
bool Examine(const char* name) {
  // Our own name: also that of our earlier image, when the process has replaced its program (exec).
  if (!IsFlightName(name) || strcmp(name, file_name) == 0) return false;
  int candidate = openat(directory, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (candidate < 0) return false;
  bool vanished = false;
  if (flock(candidate, LOCK_EX | LOCK_NB) == 0) {
    vanished = Claim(candidate);
    if (!vanished && !IsClaimedLately(candidate)) unlinkat(directory, name, 0);
  }
  close(candidate);
  return vanished;
}

// Registered once. The loader keeps our code until the end (-z nodelete).
void AtExit() { CloseFlightRecorder(); }

}  // namespace

FlightFile& Flight() { return *flight.load(std::memory_order_acquire); }

int OpenFlightRecorder(const std::string& directories, const std::string& identity) {
  static bool registered = false;
  pthread_mutex_lock(&open_mutex);
  int result = file >= 0 ? 0 : -ENOENT;
  for (bool only_tmpfs : {true, false}) {
    for (size_t at = 0; result != 0 && at < directories.size(); at += strlen(directories.c_str() + at) + 1) {
      result = OpenIn(directories.c_str() + at, only_tmpfs, identity);
    }
  }
  if (result == 0 && !registered) registered = atexit(AtExit) == 0;
  pthread_mutex_unlock(&open_mutex);
  return result;
}

void CloseFlightRecorder() {
  if (file < 0 || owner != getpid()) return;
  Flight().header.state.store(static_cast<uint32_t>(FlightState::kClosed));
  unlinkat(directory, file_name, 0);
  // The mapping stays: other threads may still write to it.
  close(file);
  file = -1;
}

void ReleaseRequests(int64_t worker_id) {
  auto owner = static_cast<uint32_t>(worker_id + 1);
  for (FlightRequest& request : Flight().requests) {
    if (request.owner.load(std::memory_order_relaxed) != owner) continue;
    request.kind = 0;
    request.sequence.store((request.sequence.load(std::memory_order_relaxed) | 1) + 1, std::memory_order_release);
    request.owner.store(0, std::memory_order_release);
  }
}

void ReportVanished() {
  int listing = directory < 0 ? -1 : openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (listing < 0) return;
  static char buffer[8 * 1024];
  static char names[kMaxVanished][kMaxName];
  int found = 0;
  for (;;) {
    long length = syscall(SYS_getdents64, listing, buffer, sizeof buffer);
    if (length <= 0) break;
    for (long at = 0; at < length && found < kMaxVanished;) {
      auto* entry = reinterpret_cast<DirectoryEntry*>(buffer + at);
      at += entry->length;
      if (Examine(entry->name)) TextBuffer(names[found++], kMaxName).Add(entry->name);
    }
  }
  close(listing);
  if (found == 0) return;
  static char paths[kMaxVanished * (kMaxName + 3) + sizeof directory_path * 6];
  TextBuffer list(paths, sizeof paths);
  list.Add("\"directory\":\"").AddEscaped(directory_path).Add("\",\"files\":[");
  for (int i = 0; i < found; i++) list.Add(i == 0 ? "\"" : ",\"").Add(names[i]).Add("\"");
  CaptureVanished(list.Add("]").data());
  for (int i = 0; i < found; i++) unlinkat(directory, names[i], 0);
}

}  // namespace sleeper
