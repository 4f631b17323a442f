/**
 * The one error class and the one table of codes. `docs/errors.md` has a heading per code.
 * A message says what was attempted, on what, and what the system said; the help is the next command to run.
 */
const errorHelp = {
  ERR_SLEEPER_USAGE: 'Run `sleeper --help`, or `sleeper <command> --help`.',
  ERR_SLEEPER_CONFIG:
    'Correct the file, then `sleeper watch --config FILE --check`; docs/watch.md lists every setting.',
  ERR_SLEEPER_WATCHED:
    'One watcher for each process is enough. End the other one first, or leave this process to it.',
  ERR_SLEEPER_NO_SUCH_PROCESS: 'List the running processes with `pgrep -a node`.',
  ERR_SLEEPER_NOT_NODE:
    'Give the pid of the node process itself, not of npm or a shell: `pgrep -a node` lists them.',
  ERR_SLEEPER_TARGET_GONE:
    'The process ended while it was being read. `sleeper list` shows what was captured before.',
  ERR_SLEEPER_ATTACH_DENIED:
    'Run as the same user or as root (CAP_SYS_PTRACE). `sleeper doctor <pid>` names what stands in the way.',
  ERR_SLEEPER_TARGET_TRACED: 'Another tracer (gdb, strace) is attached; detach it and try again.',
  ERR_SLEEPER_UNSUPPORTED_NODE:
    'Supported targets are listed by `sleeper doctor`. The report still holds what /proc and the agent can tell.',
  ERR_SLEEPER_NOT_A_CORE:
    'Name an ELF core of a node process, whole and unpacked: of the kernel (see core(5)), or made by `gcore -o FILE PID`.',
  ERR_SLEEPER_WRONG_NODE:
    'Name the very binary that the process ran with `--node FILE`; it is the same build when `file FILE` tells the same BuildID and size.',
  ERR_SLEEPER_NO_NATIVE: 'Build the addon with `npm run build:native`, then `sleeper doctor`.',
  ERR_SLEEPER_NO_AGENT:
    'Start the program with `sleeper run -- …` or `node --require sleeper-agent/register …`, or use `--via reader`.',
  ERR_SLEEPER_TIMED_OUT: 'Try again with a longer `--deadline`.',
  ERR_SLEEPER_NOT_A_REPORT: 'Name a file written by sleeper: `sleeper list` shows them.',
  ERR_SLEEPER_FORMAT_TOO_NEW: 'Update sleeper-agent, then open the report again.',
  ERR_SLEEPER_NO_SUCH_REPORT: '`sleeper list` shows the reports of the archive.',
  ERR_SLEEPER_ARCHIVE_UNSAFE:
    'Name a directory that belongs to you and that others cannot write: `--archive DIR` or SLEEPER_ARCHIVE.',
  ERR_SLEEPER_ARCHIVE_WRITE:
    'Free some space or name another directory with `--archive DIR`; `sleeper prune` deletes old reports.',
  ERR_SLEEPER_GDB: 'Install gdb (`apt-get install gdb`) or use `--via reader`.',
  ERR_SLEEPER_SPAWN: 'Check that the program exists and may be executed.',
} as const;

/** Every code an error of ours can carry. */
export type ErrorCode = keyof typeof errorHelp;

/** Codes in the order of the table, for the documentation check. */
export const errorCodes = Object.keys(errorHelp) as ErrorCode[];

/** An error the user can act on. */
export class SleeperError extends Error {
  override readonly name = 'SleeperError';
  readonly code: ErrorCode;
  /** Facts for programs: pid, path, errno. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The next command to run. */
  readonly help: string;

  constructor(
    code: ErrorCode,
    message: string,
    details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
    this.help = errorHelp[code];
  }
}
