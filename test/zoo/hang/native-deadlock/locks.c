/* Two threads take two mutexes in opposite order. dlopen() runs the constructor on the thread that calls it. */
#include <pthread.h>

static pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold_one;

static void *book(void *unused) {
  pthread_mutex_lock(&ledger);
  pthread_barrier_wait(&both_hold_one);
  pthread_mutex_lock(&accounts);
  return unused;
}

__attribute__((constructor)) static void transfer(void) {
  pthread_t other;
  pthread_barrier_init(&both_hold_one, NULL, 2);
  pthread_create(&other, NULL, book, NULL);
  pthread_mutex_lock(&accounts);
  pthread_barrier_wait(&both_hold_one);
  pthread_mutex_lock(&ledger);
}
