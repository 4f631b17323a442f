#include "worker_error.h"

#include <pthread.h>

#include <cstdint>
#include <cstring>

#include "wait_word.h"

namespace sleeper {

namespace {

// A busy main thread hears late of it.
constexpr int64_t kRememberedNs = 60 * kNsPerSecond;
constexpr size_t kComparedBytes = 2048;

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
char noted[kComparedBytes];
size_t noted_length = 0;
int64_t noted_ns = 0;

size_t Compared(size_t length) { return length < kComparedBytes ? length : kComparedBytes; }

}  // namespace

void NoteWorkerError(const char* stack, size_t length) {
  pthread_mutex_lock(&mutex);
  noted_length = Compared(length);
  memcpy(noted, stack, noted_length);
  noted_ns = MonotonicNs();
  pthread_mutex_unlock(&mutex);
}

bool IsWorkerError(const char* stack, size_t length) {
  pthread_mutex_lock(&mutex);
  bool is_same = noted_length > 0 && noted_length == Compared(length) && memcmp(noted, stack, noted_length) == 0 &&
                 MonotonicNs() - noted_ns < kRememberedNs;
  pthread_mutex_unlock(&mutex);
  return is_same;
}

}  // namespace sleeper
