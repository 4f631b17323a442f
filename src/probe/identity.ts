/** Which process is meant, for good: a pid alone may be given to another process at any time. */
import { SleeperError } from '../errors.ts';
import { whyRefused } from '../reader/memory/process-files.ts';
import { isGone, readLinkFact } from './fact.ts';
import { findNodeDescendants } from './node-descendants.ts';
import { isNodeExecutable } from './node-executable.ts';
import { readStat } from './stat.ts';

/** A process, told apart from others that had or will have the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
}

/** The process that has this pid now. @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS */
export function requireProcess(pid: number): ProcessIdentity {
  const stat = readStat(pid);
  if (!stat.known || stat.value.state === 'X') {
    throw new SleeperError('ERR_SLEEPER_NO_SUCH_PROCESS', `There is no process ${pid}.`, { pid });
  }
  if (stat.value.state === 'Z') {
    throw new SleeperError(
      'ERR_SLEEPER_TARGET_GONE',
      `Process ${pid} has ended already; its parent ${stat.value.parentPid} has not collected its exit status (zombie).`,
      { pid, parentPid: stat.value.parentPid },
    );
  }
  return { pid, startTicks: stat.value.startTicks };
}

/** True while that very process exists and has not ended. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return (
    stat.known &&
    stat.value.startTicks === identity.startTicks &&
    stat.value.state !== 'Z' &&
    stat.value.state !== 'X'
  );
}

/**
 * The process that has this pid now, when it is Node.js and we may look at it.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_TARGET_GONE, ERR_SLEEPER_ATTACH_DENIED,
 *         ERR_SLEEPER_NOT_NODE
 */
export function requireNodeProcess(pid: number): ProcessIdentity {
  const identity = requireProcess(pid);
  const executable = readLinkFact(`/proc/${pid}/exe`);
  if (!executable.known) {
    if (isGone(executable) && !isAlive(identity)) {
      throw new SleeperError('ERR_SLEEPER_TARGET_GONE', `Process ${pid} has just ended.`, { pid });
    }
    if (isGone(executable)) throw notNode(pid, 'a kernel thread');
    throw new SleeperError(
      'ERR_SLEEPER_ATTACH_DENIED',
      `Cannot look at process ${pid}: reading /proc/${pid}/exe was refused: ${executable.reason}. ${whyRefused(pid)}`,
      { pid },
    );
  }
  if (!isNodeExecutable(pid, executable.value)) throw notNode(pid, executable.value);
  return identity;
}

function notNode(pid: number, what: string): SleeperError {
  const started = findNodeDescendants(pid);
  const named = started.map((one) => `${one.pid} (${one.name})`).join(', ');
  return new SleeperError(
    'ERR_SLEEPER_NOT_NODE',
    `Process ${pid} is not Node.js: it runs ${what}.${named === '' ? '' : ` It started ${named}.`}`,
    { pid, executable: what, started: started.map((one) => one.pid) },
  );
}
