// How another process ended, also when it is not our child: by a pidfd opened while it lived (Linux 6.15 and later keep the
// exit status for its holders). Any thread; allocates nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace sleeper {

// Returns a descriptor the caller owns, or -errno.
int OpenProcess(pid_t pid);

// Returns the status as wait(2) gives it, or -errno: EAGAIN it lives or has not been collected yet, ENOTTY the kernel
// does not tell.
int64_t ReadExitStatus(int pidfd);

}  // namespace sleeper
