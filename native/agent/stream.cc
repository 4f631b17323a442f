#include "stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "wait_word.h"

namespace sleeper {

namespace {

// Reads on behind `length` bytes. Returns the new length; the same at the end of the stream, or -errno.
ssize_t ReadSome(int fd, int64_t deadline, char* out, size_t length, size_t capacity) {
  for (;;) {
    if (!PollUntil(fd, POLLIN, deadline)) return -ETIMEDOUT;
    ssize_t got = read(fd, out + length, capacity - 1 - length);
    if (got >= 0) return static_cast<ssize_t>(length) + got;
    if (errno != EINTR && errno != EAGAIN) return -EPIPE;
  }
}

}  // namespace

bool PollUntil(int fd, short events, int64_t deadline) {
  for (;;) {
    int64_t left_ms = (deadline - MonotonicNs()) / kNsPerMs;
    if (left_ms < 0) return false;
    pollfd wanted{fd, events, 0};
    int ready = poll(&wanted, 1, static_cast<int>(left_ms) + 1);
    if (ready > 0) return true;
    // Else interrupted, or the time is over: the next turn finds out.
  }
}

bool SendAll(int fd, const char* text, size_t length, int64_t deadline) {
  while (length > 0) {
    // A socket, not a pipe, for MSG_NOSIGNAL: no SIGPIPE may reach the program.
    ssize_t sent = send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN && PollUntil(fd, POLLOUT, deadline)) continue;
    if (sent < 0) return false;
    text += sent;
    length -= static_cast<size_t>(sent);
  }
  return true;
}

ssize_t ReadLine(int fd, int64_t deadline, char* out, size_t capacity) {
  size_t length = 0;
  while (length + 1 < capacity) {
    ssize_t end = ReadSome(fd, deadline, out, length, capacity);
    if (end < 0) return end;
    auto read = static_cast<size_t>(end);
    if (read == length) break;
    auto* line_end = static_cast<char*>(memchr(out + length, '\n', read - length));
    length = read;
    if (line_end == nullptr) continue;
    *line_end = '\0';
    return line_end - out;
  }
  return -EPIPE;
}

ssize_t ReadToEnd(int fd, int64_t deadline, char* out, size_t capacity) {
  size_t length = 0;
  ssize_t end = 0;
  while (length + 1 < capacity) {
    end = ReadSome(fd, deadline, out, length, capacity);
    if (end < 0 || static_cast<size_t>(end) == length) break;
    length = static_cast<size_t>(end);
  }
  out[length] = '\0';
  if (length > 0) return static_cast<ssize_t>(length);
  return end < 0 ? end : -EPIPE;
}

}  // namespace sleeper
