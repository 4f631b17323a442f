// Bounded conversations over descriptors: nothing allocates, nothing waits beyond its deadline (CLOCK_MONOTONIC, nanoseconds),
// no signal is raised. Usable while the rest of the process is in any state.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace sleeper {

class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  ~UniqueFd() { Close(); }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  int get() const { return fd_; }
  int Release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// Waits for `events` of poll(2). False when the time is over.
bool PollUntil(int fd, short events, int64_t deadline);

// Of a socket. False when the peer does not take it all: then its answer, if any, says why.
bool SendAll(int fd, const char* text, size_t length, int64_t deadline);

// Both fill `out`, zero-terminated, and return the length, or -ETIMEDOUT, or -EPIPE when it ended too early.
// One line, without its newline; a part of one is none.
ssize_t ReadLine(int fd, int64_t deadline, char* out, size_t capacity);
// All of it; a text that was cut is still worth reading.
ssize_t ReadToEnd(int fd, int64_t deadline, char* out, size_t capacity);

}  // namespace sleeper
