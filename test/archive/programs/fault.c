/*
 * Preloaded into a writer of an archive: counts what it does to the file system below FAULT_DIR, and at the FAULT_AT-th time either
 * kills the process (FAULT_ERRNO absent) or lets the call fail with FAULT_ERRNO; with FAULT_ON=all also each time after that.
 * FAULT_OPS names the calls that count, such as "write,fsync"; absent: all of them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int g_count;

static int IsBelow(const char *path) {
  const char *directory = getenv("FAULT_DIR");
  char real[PATH_MAX] = "";
  if (directory == NULL || path == NULL) return 0;
  if (strncmp(path, directory, strlen(directory)) == 0) return 1;
  if (strncmp(path, "/proc/self/fd/", 14) != 0) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", atoi(path + 14));
  if (readlink(link, real, sizeof real - 1) < 0) return 0;
  return strncmp(real, directory, strlen(directory)) == 0;
}

static int IsBelowFd(int fd) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return fd > 2 && IsBelow(link);
}

static int Fails(const char *operation, int is_below) {
  const char *operations = getenv("FAULT_OPS");
  if (!is_below || (operations != NULL && strstr(operations, operation) == NULL)) return 0;
  const int at = atoi(getenv("FAULT_AT") ? getenv("FAULT_AT") : "0");
  const int count = atomic_fetch_add(&g_count, 1) + 1;
  const char *error = getenv("FAULT_ERRNO");
  const char *on = getenv("FAULT_ON");
  if (count < at || (count > at && (on == NULL || strcmp(on, "all") != 0))) return 0;
  if (error == NULL) kill(getpid(), SIGKILL);
  errno = atoi(error);
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t size) {
  if (Fails("write", IsBelowFd(fd))) return -1;
  return REAL(write)(fd, bytes, size);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
  if (Fails("write", IsBelowFd(fd))) return -1;
  return REAL(pwrite64)(fd, bytes, size, offset);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  if (Fails("write", IsBelowFd(fd))) return -1;
  return REAL(pwrite)(fd, bytes, size, offset);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (Fails("write", IsBelowFd(fd))) return -1;
  return REAL(writev)(fd, parts, count);
}
int fsync(int fd) {
  if (Fails("fsync", IsBelowFd(fd))) return -1;
  return REAL(fsync)(fd);
}
int fdatasync(int fd) {
  if (Fails("fsync", IsBelowFd(fd))) return -1;
  return REAL(fdatasync)(fd);
}
int link(const char *from, const char *to) {
  if (Fails("link", IsBelow(to))) return -1;
  return REAL(link)(from, to);
}
int rename(const char *from, const char *to) {
  if (Fails("rename", IsBelow(to))) return -1;
  return REAL(rename)(from, to);
}
int unlink(const char *path) {
  if (Fails("unlink", IsBelow(path))) return -1;
  return REAL(unlink)(path);
}
int mkdir(const char *path, mode_t mode) {
  if (Fails("mkdir", IsBelow(path))) return -1;
  return REAL(mkdir)(path, mode);
}

/* Opening to read is not counted. */
#define OPEN_BODY(name, call)                                        \
  mode_t mode = 0;                                                   \
  if (flags & O_CREAT) {                                             \
    va_list list;                                                    \
    va_start(list, flags);                                           \
    mode = va_arg(list, mode_t);                                     \
    va_end(list);                                                    \
  }                                                                  \
  if ((flags & O_CREAT) && Fails("open", IsBelow(path))) return -1;  \
  return call;
int open(const char *path, int flags, ...) { OPEN_BODY(open, REAL(open)(path, flags, mode)) }
int open64(const char *path, int flags, ...) { OPEN_BODY(open64, REAL(open64)(path, flags, mode)) }
