/** Which process is meant, for good: a pid alone may be given to another process at any time. */
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { SleeperError } from '../errors.ts';
import { isGone, readFact, readLinkFact } from './fact.ts';
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
      `Cannot look at process ${pid}: reading /proc/${pid}/exe was refused: ${executable.reason}. It belongs to another user, or has more rights than we have.`,
      { pid },
    );
  }
  if (!isNode(pid, executable.value)) throw notNode(pid, executable.value);
  return identity;
}

function notNode(pid: number, what: string): SleeperError {
  return new SleeperError(
    'ERR_SLEEPER_NOT_NODE',
    `Process ${pid} is not Node.js: it runs ${what}.`,
    {
      pid,
      executable: what,
    },
  );
}

/** Names that say it all: node, nodejs, node-22, node22. */
const nodeName = /^node(js)?(-?v?\d[\d.]*)?( \(deleted\))?$/;

function isNode(pid: number, executable: string): boolean {
  if (nodeName.test(path.basename(executable))) return true;
  const usesLibrary = readFact(`/proc/${pid}/maps`, (text) => /\/libnode\.so[.\d]*$/m.test(text));
  if (usesLibrary.known && usesLibrary.value) return true;
  return hasV8Symbols(`/proc/${pid}/exe`);
}

/** Every Node executable exports these names for debuggers (deps/v8/tools/gen-postmortem-metadata.py). */
const v8Symbol = Buffer.from('v8dbg_class_JSFunction__context__Context');
const searchChunkBytes = 4 << 20;
/** Node is about 100 MB, single executables some more; symbol names lie near the start. */
const maxSearchBytes = 256 << 20;

/** Looks into the file, for executables under another name: renamed, or a program bundled with Node. */
function hasV8Symbols(file: string): boolean {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const chunk = Buffer.alloc(searchChunkBytes);
    let position = 0;
    while (position < maxSearchBytes) {
      const count = readSync(fd, chunk, 0, searchChunkBytes, position);
      if (count === 0) return false;
      if (chunk.subarray(0, count).includes(v8Symbol)) return true;
      position += count < searchChunkBytes ? count : searchChunkBytes - v8Symbol.length;
    }
    return false;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}
