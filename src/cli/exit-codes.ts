/** What the exit status of `sleeper` means; a promise to scripts. */
import type { ErrorCode } from '../errors.ts';

export const exitStatus = {
  /** Done, nothing wrong found. */
  done: 0,
  /** We failed. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** Captured, but something is missing. */
  partial: 3,
  /** The target is gone, was never there, or is not a node process. */
  gone: 4,
  /** Not permitted. */
  denied: 5,
  timedOut: 6,
  /** `watch --once` and `dump` found a hang. */
  hangFound: 10,
} as const;

/** One of the statuses of the table. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

const statuses: Readonly<Record<ErrorCode, ExitStatus>> = {
  ERR_SLEEPER_USAGE: exitStatus.usage,
  ERR_SLEEPER_CONFIG: exitStatus.usage,
  ERR_SLEEPER_WATCHED: exitStatus.failed,
  ERR_SLEEPER_NO_SUCH_PROCESS: exitStatus.gone,
  ERR_SLEEPER_NOT_NODE: exitStatus.gone,
  ERR_SLEEPER_TARGET_GONE: exitStatus.gone,
  ERR_SLEEPER_ATTACH_DENIED: exitStatus.denied,
  ERR_SLEEPER_TARGET_TRACED: exitStatus.denied,
  ERR_SLEEPER_UNSUPPORTED_NODE: exitStatus.failed,
  ERR_SLEEPER_NOT_A_CORE: exitStatus.failed,
  ERR_SLEEPER_WRONG_NODE: exitStatus.failed,
  ERR_SLEEPER_NO_NATIVE: exitStatus.failed,
  ERR_SLEEPER_NO_AGENT: exitStatus.failed,
  ERR_SLEEPER_TIMED_OUT: exitStatus.timedOut,
  ERR_SLEEPER_NOT_A_REPORT: exitStatus.failed,
  ERR_SLEEPER_FORMAT_TOO_NEW: exitStatus.failed,
  ERR_SLEEPER_NO_SUCH_REPORT: exitStatus.failed,
  ERR_SLEEPER_ARCHIVE_UNSAFE: exitStatus.failed,
  ERR_SLEEPER_ARCHIVE_WRITE: exitStatus.failed,
  ERR_SLEEPER_GDB: exitStatus.failed,
  ERR_SLEEPER_SPAWN: exitStatus.failed,
};

/** The status for an error that ends a command. A new code must choose its line here. */
export function exitStatusOf(code: ErrorCode): ExitStatus {
  return statuses[code];
}

let chosen: ExitStatus = exitStatus.done;

/** Lets a command that did its work say what it found; main.ts exits with it unless an error ends the command. */
export function endWith(status: ExitStatus): void {
  chosen = status;
}

/** What endWith() was told, or 0. */
export function chosenStatus(): ExitStatus {
  return chosen;
}
