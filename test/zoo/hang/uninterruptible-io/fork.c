/* vfork(2) holds the parent in state D until the child has gone: an uninterruptible wait that needs no broken disk. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

__attribute__((constructor)) static void probe_disk(void) {
  if (vfork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
}
