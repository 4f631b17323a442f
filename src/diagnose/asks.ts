/** What suspended functions have asked for, by their source: `pool.acquire` of `await pool.acquire()`. Pure. */
import type { Task } from '../report/schema.ts';

/** Names that say that something is a lock; a queue of work that is empty looks the same otherwise. */
const lockWords = /lock|mutex|semaphore|acquire|exclusive|permit|latch/i;
/** Of what is lent, too, and has to be given back. */
const poolWords = /pool|getConnection|check_?out|borrow/i;
/** Ends having what was asked for before it. */
const releaseCall = /release\w*\s*\(|unlock\w*\s*\(/i;
/** A call: names, properties and keys in brackets. */
const callee = String.raw`[\w$#]+(?:\??\.[\w$#]+|\[[^\][()]{0,60}\])*`;
const awaitedCall = new RegExp(String.raw`await\s+(${callee})\s*\(`, 'y');
/** Awaited, or given a function that is called while it is had: `lock.runExclusive(async () => {`. */
const earlierCall = new RegExp(
  String.raw`(?:\bawait\s+(${callee})\s*\(|(${callee})\s*\(\s*(?:async\b|\(|\w+\s*=>))`,
  'g',
);

/** True for what is called a lock. */
export function isLockName(name: string): boolean {
  return lockWords.test(name);
}

/** True for what is called a lock, or something to borrow from. */
export function isLentName(name: string): boolean {
  return lockWords.test(name) || poolWords.test(name);
}

/** True for calls of one object (`pool.connect` and `pool.query`), and for those that take locks in the same way. */
export function isSameLender(left: string, right: string): boolean {
  if (left === right) return true;
  const method = /[^.\]]*$/;
  const object = left.replace(method, '');
  if (object !== '' && object === right.replace(method, '')) return true;
  const [name = ''] = method.exec(left) ?? [];
  return isLockName(name) && right.endsWith(name) && !/[\w$]$/.test(right.slice(0, -name.length));
}

/** The call that a task waits in; null when its line is not known, or it awaits no call. Keys in brackets are left out. */
export function askedCall(task: Task): string | null {
  const { line, at } = placeInLine(task);
  awaitedCall.lastIndex = at;
  const asked = awaitedCall.exec(line)?.[1];
  return asked === undefined ? null : plain(asked);
}

/** What a task asked for before that, as far as the lines shown tell, and did not give back since. */
export function earlierCalls(task: Task): string[] {
  const { line, at, before } = placeInLine(task);
  const text = [...before, line.slice(0, at)].join('\n');
  return [...text.matchAll(earlierCall)]
    .filter(({ index }) => isStillIn(text.slice(index)))
    .map(([, awaited, wrapping]) => plain(awaited ?? wrapping ?? ''));
}

/** @param since from a call on: neither its block has ended (that of another function, perhaps), nor was it released */
function isStillIn(since: string): boolean {
  if (releaseCall.test(since)) return false;
  let depth = 0;
  for (const brace of since.match(/[{}]/g) ?? []) {
    depth += brace === '{' ? 1 : -1;
    if (depth < 0) return false;
  }
  return true;
}

function plain(call: string): string {
  return call.replace(/\[[^\]]*\]/g, '[]');
}

/** The line where it stands, and where its `await` begins in that: V8's position of a suspended function is there. */
function placeInLine({ original, source, column = 0 }: Task): {
  readonly line: string;
  readonly at: number;
  readonly before: readonly string[];
} {
  const excerpt = original?.source ?? source;
  const at = (excerpt?.column ?? original?.column ?? column) - 1;
  const { line = '', before = [] } = excerpt ?? {};
  return {
    line,
    at: line.startsWith('await', at) ? at : Math.max(0, line.indexOf('await')),
    before,
  };
}
