/**
 * System calls of Linux on x86-64, and what is worth showing of their arguments.
 *
 * Numbers and names: arch/x86/entry/syscalls/syscall_64.tbl of Linux 6.12 (the numbers never change, new ones are added
 * at the end; 335 to 423 do not exist). Arguments: the section 2 manual page of each call.
 */

/** Names by number, from 0. */
const fromZero = `
  read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction
  rt_sigprocmask rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select sched_yield
  mremap msync mincore madvise shmget shmat shmctl dup dup2 pause nanosleep getitimer alarm
  setitimer getpid sendfile socket connect accept sendto recvfrom sendmsg recvmsg shutdown bind
  listen getsockname getpeername socketpair setsockopt getsockopt clone fork vfork execve exit
  wait4 kill uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl fcntl flock fsync
  fdatasync truncate ftruncate getdents getcwd chdir fchdir rename mkdir rmdir creat link unlink
  symlink readlink chmod fchmod chown fchown lchown umask gettimeofday getrlimit getrusage
  sysinfo times ptrace getuid syslog getgid setuid setgid geteuid getegid setpgid getppid getpgrp
  setsid setreuid setregid getgroups setgroups setresuid getresuid setresgid getresgid getpgid
  setfsuid setfsgid getsid capget capset rt_sigpending rt_sigtimedwait rt_sigqueueinfo
  rt_sigsuspend sigaltstack utime mknod uselib personality ustat statfs fstatfs sysfs getpriority
  setpriority sched_setparam sched_getparam sched_setscheduler sched_getscheduler
  sched_get_priority_max sched_get_priority_min sched_rr_get_interval mlock munlock mlockall
  munlockall vhangup modify_ldt pivot_root _sysctl prctl arch_prctl adjtimex setrlimit chroot
  sync acct settimeofday mount umount2 swapon swapoff reboot sethostname setdomainname iopl
  ioperm create_module init_module delete_module get_kernel_syms query_module quotactl nfsservctl
  getpmsg putpmsg afs_syscall tuxcall security gettid readahead setxattr lsetxattr fsetxattr
  getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr
  fremovexattr tkill time futex sched_setaffinity sched_getaffinity set_thread_area io_setup
  io_destroy io_getevents io_submit io_cancel get_thread_area lookup_dcookie epoll_create
  epoll_ctl_old epoll_wait_old remap_file_pages getdents64 set_tid_address restart_syscall
  semtimedop fadvise64 timer_create timer_settime timer_gettime timer_getoverrun timer_delete
  clock_settime clock_gettime clock_getres clock_nanosleep exit_group epoll_wait epoll_ctl tgkill
  utimes vserver mbind set_mempolicy get_mempolicy mq_open mq_unlink mq_timedsend mq_timedreceive
  mq_notify mq_getsetattr kexec_load waitid add_key request_key keyctl ioprio_set ioprio_get
  inotify_init inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat mknodat fchownat
  futimesat newfstatat unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6
  ppoll unshare set_robust_list get_robust_list splice tee sync_file_range vmsplice move_pages
  utimensat epoll_pwait signalfd timerfd_create eventfd fallocate timerfd_settime timerfd_gettime
  accept4 signalfd4 eventfd2 epoll_create1 dup3 pipe2 inotify_init1 preadv pwritev
  rt_tgsigqueueinfo perf_event_open recvmmsg fanotify_init fanotify_mark prlimit64
  name_to_handle_at open_by_handle_at clock_adjtime syncfs sendmmsg setns getcpu process_vm_readv
  process_vm_writev kcmp finit_module sched_setattr sched_getattr renameat2 seccomp getrandom
  memfd_create kexec_file_load bpf execveat userfaultfd membarrier mlock2 copy_file_range preadv2
  pwritev2 pkey_mprotect pkey_alloc pkey_free statx io_pgetevents rseq`;

/** Names by number, from 424: from here on the numbers are the same on all architectures. */
const from424 = `
  pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen
  fsconfig fsmount fspick pidfd_open clone3 close_range openat2 pidfd_getfd faccessat2
  process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset
  landlock_add_rule landlock_restrict_self memfd_secret process_mrelease futex_waitv
  set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake futex_wait
  futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal`;

/**
 * How one argument is shown. `fd`: a descriptor and what it is · `dirfd`: the same, AT_FDCWD left out · `path`: a string
 * in the target's memory · `bytes`: a size · `timeoutMs`: milliseconds, -1 without limit · `pid` · `futexOp` ·
 * `address` · `-`: not shown.
 */
export type ArgumentKind =
  'fd' | 'dirfd' | 'path' | 'bytes' | 'timeoutMs' | 'pid' | 'futexOp' | 'address' | '-';

const shown: Readonly<Record<string, readonly ArgumentKind[]>> = {
  read: ['fd', '-', 'bytes'],
  write: ['fd', '-', 'bytes'],
  pread64: ['fd', '-', 'bytes'],
  pwrite64: ['fd', '-', 'bytes'],
  readv: ['fd'],
  writev: ['fd'],
  preadv: ['fd'],
  pwritev: ['fd'],
  preadv2: ['fd'],
  pwritev2: ['fd'],
  open: ['path'],
  openat: ['dirfd', 'path'],
  openat2: ['dirfd', 'path'],
  close: ['fd'],
  stat: ['path'],
  lstat: ['path'],
  fstat: ['fd'],
  statx: ['dirfd', 'path'],
  newfstatat: ['dirfd', 'path'],
  access: ['path'],
  faccessat: ['dirfd', 'path'],
  faccessat2: ['dirfd', 'path'],
  readlink: ['path'],
  readlinkat: ['dirfd', 'path'],
  rename: ['path', 'path'],
  renameat: ['dirfd', 'path', 'dirfd', 'path'],
  renameat2: ['dirfd', 'path', 'dirfd', 'path'],
  unlink: ['path'],
  unlinkat: ['dirfd', 'path'],
  mkdir: ['path'],
  mkdirat: ['dirfd', 'path'],
  rmdir: ['path'],
  chmod: ['path'],
  chown: ['path'],
  truncate: ['path'],
  execve: ['path'],
  getdents64: ['fd'],
  ftruncate: ['fd'],
  fallocate: ['fd'],
  fsync: ['fd'],
  fdatasync: ['fd'],
  sync_file_range: ['fd'],
  lseek: ['fd'],
  flock: ['fd'],
  fcntl: ['fd'],
  ioctl: ['fd'],
  sendfile: ['fd', 'fd', '-', 'bytes'],
  copy_file_range: ['fd', '-', 'fd', '-', 'bytes'],
  splice: ['fd', '-', 'fd', '-', 'bytes'],
  connect: ['fd'],
  accept: ['fd'],
  accept4: ['fd'],
  recvfrom: ['fd', '-', 'bytes'],
  recvmsg: ['fd'],
  sendto: ['fd', '-', 'bytes'],
  sendmsg: ['fd'],
  epoll_wait: ['fd', '-', '-', 'timeoutMs'],
  epoll_pwait: ['fd', '-', '-', 'timeoutMs'],
  epoll_pwait2: ['fd'],
  poll: ['-', '-', 'timeoutMs'],
  futex: ['address', 'futexOp'],
  wait4: ['pid'],
  kill: ['pid'],
  io_uring_enter: ['fd'],
};

function namesFrom(first: number, names: string): Map<number, string> {
  return new Map(
    names
      .trim()
      .split(/\s+/)
      .map((name, index) => [first + index, name] as const),
  );
}

const nameByNumber = new Map([...namesFrom(0, fromZero), ...namesFrom(424, from424)]);

/** The name of a system call; null for one that is newer than the table, or on another architecture. */
export function findSyscallName(number: number, arch: string): string | null {
  return arch === 'x64' ? (nameByNumber.get(number) ?? null) : null;
}

/** Which arguments of a call are shown, in order. */
export function shownArguments(name: string): readonly ArgumentKind[] {
  return Object.hasOwn(shown, name) ? (shown[name] ?? []) : [];
}
