/** A fact about another process, or the reason why it could not be had. */
import { readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { readProcText } from '../reader/memory/process-files.ts';

/** What was learnt, or a sentence fragment that says why not, such as `not permitted (EACCES)`. */
export type Fact<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly reason: string };

/** Turns granted to an answer that our own work has kept waiting, and their length. */
const maxOvertime = 3;
const overtimeMs = 50;

/** A fact that could be had. */
export function known<T>(value: T): Fact<T> {
  return { known: true, value };
}

/** A fact that could not be had. */
export function absent(reason: string): Fact<never> {
  return { known: false, reason };
}

/** The system's error code of a failed call, such as `EACCES`; `unknown error` when it carries none. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return 'unknown error';
}

/** Words for what the system said when a file of /proc could not be read. */
export function reasonOf(error: unknown): string {
  const errno = errnoOf(error);
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return `not permitted (${errno})`;
    case 'ENOENT':
    case 'ESRCH':
      return `gone (${errno})`;
    default:
      return errno;
  }
}

/** True when the reason says that the process or thread does not exist any more. */
export function isGone(fact: Fact<unknown>): boolean {
  return !fact.known && fact.reason.startsWith('gone');
}

/** Reads a small file that the kernel answers without waiting for the target, and parses it. */
export function readFact<T>(path: string, parse: (text: string) => T): Fact<T> {
  try {
    return known(parse(readProcText(path)));
  } catch (error) {
    return absent(reasonOf(error));
  }
}

/** Reads where a symbolic link of /proc points to. */
export function readLinkFact(path: string): Fact<string> {
  try {
    return known(readlinkSync(path));
  } catch (error) {
    return absent(reasonOf(error));
  }
}

/**
 * Reads a file that lies in the target's own memory (`cmdline`, `environ`): the kernel takes the target's memory lock
 * for it, which a sick process may hold for long.
 * @param deadlineMs after this time the answer is no longer awaited
 */
export async function readTargetMemoryFact<T>(
  path: string,
  parse: (text: string) => T,
  deadlineMs: number,
): Promise<Fact<T>> {
  const controller = new AbortController();
  let overtime = maxOvertime;
  const startedAtMs = performance.now();
  const expire = (): void => {
    // Our own loop was held up: the answer may be there, and it takes a few turns to come through.
    const isLate = performance.now() - startedAtMs > deadlineMs + overtimeMs;
    if (!isLate || overtime-- === 0) controller.abort();
    else timer = setTimeout(expire, overtimeMs);
  };
  let timer = setTimeout(expire, deadlineMs);
  try {
    return known(parse(await readFile(path, { encoding: 'utf8', signal: controller.signal })));
  } catch (error) {
    if (controller.signal.aborted) return absent(`no answer within ${deadlineMs} ms`);
    return absent(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}
