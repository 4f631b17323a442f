#include "agent_connection.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace sleeper {

namespace {

// Abstract names have no owner in the file system: anybody may listen under them. The kernel knows who does.
bool IsListenedToBy(int socket, pid_t pid) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || peer.pid != pid) return false;
  if (peer.uid == 0 || peer.uid == geteuid()) return true;
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", pid);
  struct stat process{};
  return stat(path, &process) == 0 && process.st_uid == peer.uid;
}

}  // namespace

int ConnectAgent(pid_t pid) {
  int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connection < 0) return -errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The first byte stays zero: an abstract name.
  int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "sleeper-agent-%d", pid);
  auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<size_t>(length));
  int error = 0;
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), bytes) != 0) {
    error = errno;
  } else if (!IsListenedToBy(connection, pid)) {
    error = EPERM;
  }
  if (error == 0) return connection;
  close(connection);
  return -error;
}

}  // namespace sleeper
