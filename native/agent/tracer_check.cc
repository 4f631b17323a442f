#include "tracer_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

namespace sleeper {

bool HasTracer(const char* path) {
  char status[4096];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, status, sizeof status - 1);
  close(file);
  if (length <= 0) return false;
  status[length] = '\0';
  const char* line = strstr(status, "TracerPid:\t");
  return line != nullptr && line[11] != '0';
}

}  // namespace sleeper
