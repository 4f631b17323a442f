/* System calls that wait, for a program that looks at what they return. Compiled by test/harness/fault-addon.ts; needs no header of Node. */
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef void *napi_env, *napi_value, *napi_info;
int napi_create_function(napi_env, const char *, size_t, napi_value (*)(napi_env, napi_info), void *, napi_value *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
int napi_create_string_utf8(napi_env, const char *, size_t, napi_value *);

static napi_value answer(napi_env env, long result) {
  const char *text = result < 0 ? strerror(errno) : "done";
  napi_value value;
  napi_create_string_utf8(env, text, strlen(text), &value);
  return value;
}

static napi_value nanosleep_2s(napi_env env, napi_info info) {
  struct timespec time = {2, 0};
  return answer(env, nanosleep(&time, 0));
}

static napi_value read_stdin(napi_env env, napi_info info) {
  char byte;
  return answer(env, read(0, &byte, 1));
}

static napi_value poll_stdin(napi_env env, napi_info info) {
  struct pollfd stdin_readable = {0, POLLIN, 0};
  return answer(env, poll(&stdin_readable, 1, 60000));
}

static napi_value semaphore_2s(napi_env env, napi_info info) {
  sem_t semaphore;
  struct timespec until;
  sem_init(&semaphore, 0, 0);
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 2;
  long result = sem_timedwait(&semaphore, &until);
  return answer(env, result < 0 && errno == ETIMEDOUT ? 0 : result);
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const struct {
    const char *name;
    napi_value (*call)(napi_env, napi_info);
  } all[] = {{"nanosleep", nanosleep_2s}, {"read", read_stdin}, {"poll", poll_stdin}, {"semaphore", semaphore_2s}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    napi_value function;
    napi_create_function(env, all[i].name, strlen(all[i].name), all[i].call, 0, &function);
    napi_set_named_property(env, exports, all[i].name, function);
  }
  return exports;
}
