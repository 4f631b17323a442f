#include "process_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sleeper {

namespace {

// The kernel takes no more than this many pieces in one call (UIO_MAXIOV).
constexpr size_t kMaxPieces = 1024;

void* RemotePointer(uint64_t address) { return reinterpret_cast<void*>(static_cast<uintptr_t>(address)); }

}  // namespace

ssize_t ReadMemory(pid_t pid, uint64_t address, void* out, size_t length) {
  if (length == 0) return 0;
  iovec local{out, length};
  iovec remote{RemotePointer(address), length};
  ssize_t copied = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  return copied >= 0 ? copied : -errno;
}

ssize_t ReadPages(pid_t pid, const double* addresses, size_t count, uint8_t* out, uint8_t* readable) {
  memset(readable, 0, count);
  ssize_t total = 0;
  iovec remote[kMaxPieces];
  // Each turn either finishes a batch or steps over one unreadable page, so there are at most `count` turns.
  for (size_t next = 0; next < count;) {
    size_t batch = std::min(count - next, kMaxPieces);
    // Neighbours are one piece: the kernel takes its locks for each.
    size_t pieces = 0;
    for (size_t i = 0; i < batch; i++) {
      double address = addresses[next + i];
      if (i > 0 && address == addresses[next + i - 1] + kPageBytes) {
        remote[pieces - 1].iov_len += kPageBytes;
      } else {
        remote[pieces++] = {RemotePointer(static_cast<uint64_t>(address)), kPageBytes};
      }
    }
    iovec local{out + next * kPageBytes, batch * kPageBytes};
    ssize_t copied = process_vm_readv(pid, &local, 1, remote, pieces, 0);
    if (copied < 0 && errno != EFAULT) return -errno;
    size_t whole = copied < 0 ? 0 : static_cast<size_t>(copied) / kPageBytes;
    memset(readable + next, 1, whole);
    total += static_cast<ssize_t>(whole);
    next += whole < batch ? whole + 1 : batch;
  }
  return total;
}

}  // namespace sleeper
