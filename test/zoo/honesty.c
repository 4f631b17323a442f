/* For LD_PRELOAD: signal handlers are run with a flag set under which malloc() and pthread_mutex_lock() end the process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static __thread int in_handler __attribute__((tls_model("initial-exec")));
static struct sigaction wrapped[NSIG];

static void say(const char *text) {
  if (write(2, text, strlen(text)) < 0) _exit(98);
}

static void check(void) {
  if (!in_handler) return;
  in_handler = 0;
  say("a signal handler allocates or locks\n");
  _exit(99);
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
void *malloc(size_t size) { return check(), __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return check(), __libc_calloc(count, size); }
void *realloc(void *block, size_t size) { return check(), __libc_realloc(block, size); }
void free(void *block) { check(), __libc_free(block); }

int pthread_mutex_lock(pthread_mutex_t *mutex) {
  static int (*real)(pthread_mutex_t *);
  check();
  if (!real) real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
  return real(mutex);
}

static void handle(int signal, siginfo_t *info, void *context) {
  say("handler entered\n");
  in_handler++;
  wrapped[signal].sa_sigaction(signal, info, context);
  in_handler--;
}

int sigaction(int signal, const struct sigaction *wanted, struct sigaction *before) {
  static int (*real)(int, const struct sigaction *, struct sigaction *);
  if (!real) real = (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");
  struct sigaction old_wrapped = wrapped[signal];
  struct sigaction put;
  if (wanted && wanted->sa_handler != SIG_DFL && wanted->sa_handler != SIG_IGN) {
    put = *wanted;
    put.sa_sigaction = handle;
    put.sa_flags |= SA_SIGINFO;
    wrapped[signal] = *wanted;
    wanted = &put;
  }
  int result = real(signal, wanted, before);
  if (before && before->sa_sigaction == handle) *before = old_wrapped;
  return result;
}
