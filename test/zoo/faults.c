/* Ways to die in machine code, for the programs of the zoo. Compiled by test/harness/fault-addon.ts; needs no header of Node. */
#define _GNU_SOURCE
#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef void *napi_env, *napi_value, *napi_info;
int napi_create_function(napi_env, const char *, size_t, napi_value (*)(napi_env, napi_info), void *, napi_value *);
typedef void *napi_async_work;
int napi_create_string_utf8(napi_env, const char *, size_t, napi_value *);
int napi_create_async_work(napi_env, napi_value, napi_value, void (*)(napi_env, void *),
                           void (*)(napi_env, int, void *), void *, napi_async_work *);
int napi_queue_async_work(napi_env, napi_async_work);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

__attribute__((noinline)) int read_word(volatile int *at) { return *at; }

static napi_value segv(napi_env env, napi_info info) { return (napi_value)(long)(read_word((int *)0x10) & 0); }

/* Behind the end of a mapped file. */
static napi_value bus(napi_env env, napi_info info) {
  int file = memfd_create("short-file", 0);
  char *bytes = mmap(0, 8192, PROT_READ, MAP_SHARED, file, 0);
  return (napi_value)(long)(read_word((int *)(bytes + 4096)) & 0);
}

static napi_value ill(napi_env env, napi_info info) {
  __builtin_trap();
}

__attribute__((noinline)) static int divide(volatile int by) { return 1000 / by; }
static napi_value fpe(napi_env env, napi_info info) { return (napi_value)(long)(divide(0) & 0); }

static napi_value assertion(napi_env env, napi_info info) {
  int pages_left = 0;
  assert(pages_left > 0);
  return 0;
}

static napi_value corrupted_heap(napi_env env, napi_info info) {
  /* What lies before the wrong pointer decides how free() finds out. */
  char *block = calloc(64, 1);
  free(block + 8);
  return 0;
}

__attribute__((noinline)) static int recurse(int depth, volatile char *before) {
  volatile char room[512];
  room[depth & 511] = before[0];
  return recurse(depth + 1, room) + room[0];
}
static napi_value overflow(napi_env env, napi_info info) {
  char start = 1;
  return (napi_value)(long)(recurse(0, &start) & 0);
}

static void *die(void *argument) { return (void *)(long)read_word((int *)0x20); }
static napi_value segv_in_thread(napi_env env, napi_info info) {
  pthread_t thread;
  pthread_create(&thread, 0, die, 0);
  pthread_join(thread, 0);
  return 0;
}

static void die_in_pool(napi_env env, void *data) { die(data); }
static void never(napi_env env, int status, void *data) {}
static napi_value segv_in_pool(napi_env env, napi_info info) {
  napi_value name;
  napi_async_work work;
  napi_create_string_utf8(env, "resize", 6, &name);
  napi_create_async_work(env, 0, name, die_in_pool, never, 0, &work);
  napi_queue_async_work(env, work);
  return 0;
}

/* A crash handler of somebody else, who is well behaved: the one before it is called. */
static struct sigaction before;
static void tell_and_pass_on(int signal, siginfo_t *info, void *context) {
  write(1, "somebody else\n", 14);
  if (before.sa_flags & SA_SIGINFO) before.sa_sigaction(signal, info, context);
  else sigaction(signal, &before, 0);
}
static napi_value chain_handler(napi_env env, napi_info info) {
  struct sigaction action = {.sa_sigaction = tell_and_pass_on, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, &before);
  return 0;
}

/* As V8 does when one of its own checks fails. */
static napi_value failed_check(napi_env env, napi_info info) {
  void (*fatal)(const char *, ...) = (void (*)(const char *, ...))dlsym(RTLD_DEFAULT, "_Z8V8_FatalPKcz");
  fatal("Check failed: %s.", "heap is sorted");
  return 0;
}

static void allocate(int signal, siginfo_t *info, void *context) {
  void *volatile block = malloc(100);
  free(block);
}
static napi_value allocate_in_handler(napi_env env, napi_info info) {
  struct sigaction action = {.sa_sigaction = allocate, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR2, &action, 0);
  raise(SIGUSR2);
  return 0;
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const struct {
    const char *name;
    napi_value (*call)(napi_env, napi_info);
  } all[] = {{"segv", segv},
             {"bus", bus},
             {"ill", ill},
             {"fpe", fpe},
             {"assertion", assertion},
             {"corruptedHeap", corrupted_heap},
             {"overflow", overflow},
             {"segvInThread", segv_in_thread},
             {"segvInPool", segv_in_pool},
             {"chainHandler", chain_handler},
             {"failedCheck", failed_check},
             {"allocateInHandler", allocate_in_handler}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    napi_value function;
    napi_create_function(env, all[i].name, strlen(all[i].name), all[i].call, 0, &function);
    napi_set_named_property(env, exports, all[i].name, function);
  }
  return exports;
}
