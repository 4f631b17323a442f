#include "notes.h"

#include <pthread.h>
#include <time.h>

#include <cstring>

namespace sleeper {

namespace {

constexpr size_t kMaxAnnotations = 16 * 1024;
constexpr size_t kMaxBreadcrumb = 1024;
constexpr size_t kBreadcrumbs = 64;
constexpr int kLockTries = 20;

struct Breadcrumb {
  size_t length;
  char json[kMaxBreadcrumb];
};

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
char annotations[kMaxAnnotations];
size_t annotations_length = 0;
Breadcrumb breadcrumbs[kBreadcrumbs];
size_t breadcrumbs_added = 0;

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
  if (length > kMaxAnnotations) return false;
  pthread_mutex_lock(&mutex);
  memcpy(annotations, json, length);
  annotations_length = length;
  pthread_mutex_unlock(&mutex);
  return true;
}

bool AddBreadcrumb(const char* json, size_t length) {
  if (length > kMaxBreadcrumb) return false;
  pthread_mutex_lock(&mutex);
  Breadcrumb& next = breadcrumbs[breadcrumbs_added % kBreadcrumbs];
  memcpy(next.json, json, length);
  next.length = length;
  breadcrumbs_added++;
  pthread_mutex_unlock(&mutex);
  return true;
}

void WriteNotes(TextBuffer& out) {
  bool locked = TryLock();
  out.Add("\"annotations\":");
  if (locked && annotations_length > 0) {
    out.Add(annotations, annotations_length);
  } else {
    out.Add("{}");
  }
  out.Add(",\"breadcrumbs\":[");
  if (locked) {
    size_t first = breadcrumbs_added > kBreadcrumbs ? breadcrumbs_added - kBreadcrumbs : 0;
    for (size_t i = first; i < breadcrumbs_added; i++) {
      if (i > first) out.Add(",");
      out.Add(breadcrumbs[i % kBreadcrumbs].json, breadcrumbs[i % kBreadcrumbs].length);
    }
    pthread_mutex_unlock(&mutex);
  }
  out.Add("]");
}

}  // namespace sleeper
