#include "process_end.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace sleeper {

namespace {

// linux/pidfd.h of Linux 6.15: struct pidfd_info in its first version, PIDFD_INFO_EXIT, PIDFD_GET_INFO.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup_id;
  uint32_t ids[11];
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr uint64_t kInfoExit = 1 << 3;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);

}  // namespace

int OpenProcess(pid_t pid) {
  long fd = syscall(SYS_pidfd_open, pid, 0);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

int64_t ReadExitStatus(int pidfd) {
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (ioctl(pidfd, kGetInfo, &info) != 0) return errno == ESRCH ? -EAGAIN : -errno;
  return (info.mask & kInfoExit) != 0 ? info.exit_code : -EAGAIN;
}

}  // namespace sleeper
