/* The clock of the wall jumps an hour ahead and back, each second, as after a bad NTP server. Other clocks are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static int real_clock(clockid_t clock, struct timespec *to) {
  static int (*next)(clockid_t, struct timespec *);
  if (next == 0) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  return next(clock, to);
}

int clock_gettime(clockid_t clock, struct timespec *to) {
  int status = real_clock(clock, to);
  if (status == 0 && clock == CLOCK_REALTIME && to->tv_sec % 2 == 1) to->tv_sec += 3600;
  return status;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone) {
  struct timespec now;
  (void)zone;
  int status = clock_gettime(CLOCK_REALTIME, &now);
  to->tv_sec = now.tv_sec;
  to->tv_usec = now.tv_nsec / 1000;
  return status;
}
