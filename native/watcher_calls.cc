#include "watcher_calls.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sleeper {

int SignalProcess(int directory, int signal) {
  return syscall(SYS_pidfd_send_signal, directory, signal, nullptr, 0) == 0 ? 0 : -errno;
}

int SendDatagram(const char* path, size_t path_length, const char* text, size_t length) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_length == 0 || path_length >= sizeof address.sun_path) return -EINVAL;
  memcpy(address.sun_path, path, path_length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_length);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  ssize_t sent = sendto(fd, text, length, MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), bytes);
  int result = sent == static_cast<ssize_t>(length) ? 0 : -errno;
  close(fd);
  return result;
}

}  // namespace sleeper
