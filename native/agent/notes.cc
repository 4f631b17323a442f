#include "notes.h"

#include <pthread.h>
#include <time.h>

#include <cstdint>

#include "flight_recorder.h"

namespace sleeper {

namespace {

constexpr int kLockTries = 20;

// Of those who write, and those who read while the process lives. The records lie in the flight recorder.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

bool TryLock() {
  for (int i = 0; i < kLockTries; i++) {
    if (pthread_mutex_trylock(&mutex) == 0) return true;
    timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
  }
  return false;
}

}  // namespace

bool SetAnnotations(const char* json, size_t length) {
  pthread_mutex_lock(&mutex);
  bool fits = WriteFlightText(Flight().annotations, json, length);
  pthread_mutex_unlock(&mutex);
  return fits;
}

bool AddBreadcrumb(const char* json, size_t length) {
  pthread_mutex_lock(&mutex);
  FlightFile& flight = Flight();
  uint64_t number = flight.header.crumbs_next.load();
  bool fits = WriteFlightText(flight.crumbs[number % kFlightCrumbs], json, length);
  if (fits) flight.header.crumbs_next.store(number + 1);
  pthread_mutex_unlock(&mutex);
  return fits;
}

void WriteNotes(TextBuffer& out) {
  bool locked = TryLock();
  const FlightFile& flight = Flight();
  out.Add("\"annotations\":");
  if (locked && flight.annotations.length > 0) {
    out.Add(flight.annotations.text, flight.annotations.length);
  } else {
    out.Add("{}");
  }
  out.Add(",\"breadcrumbs\":[");
  if (locked) {
    uint64_t added = flight.header.crumbs_next.load();
    uint64_t first = added > kFlightCrumbs ? added - kFlightCrumbs : 0;
    for (uint64_t i = first; i < added; i++) {
      if (i > first) out.Add(",");
      out.Add(flight.crumbs[i % kFlightCrumbs].text, flight.crumbs[i % kFlightCrumbs].length);
    }
    pthread_mutex_unlock(&mutex);
  }
  out.Add("]");
}

}  // namespace sleeper
