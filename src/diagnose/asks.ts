/** What suspended functions have asked for, by their source: `pool.acquire` of `await pool.acquire()`. Pure. */
import type { Task } from '../report/schema.ts';

/** Names that say that something is a lock (no block, no clock); a queue of work that is empty looks the same otherwise. */
const lockWords = /(?<![bc]|un)lock|mutex|semaphore|acquire|exclusive|permit|latch/i;
/** Of what is lent, too. */
const poolWords = /pool|getConnection|check_?out|borrow/i;
/** Calls that lend something for longer than they take: `pool.connect`, but not `pool.query`. */
const lendingMethod = /^(?:connect|getConnection|getClient|check_?out|borrow|lease|transaction)$/i;
/** Ends having what was asked for before it. */
const releaseCall = /release\w*\s*\(|(?<!\w)unlock\w*\s*\(/i;
/** A call: names, properties and keys in brackets. */
const callee = String.raw`[\w$#]+(?:\??\.[\w$#]+|\[[^\][()]{0,60}\])*`;
/** A function as the first argument: it is called while what was asked for is had, and no longer. */
const given = String.raw`\s*(?:async\b|function\b|\([^()]{0,200}\)\s*=>|[\w$]+\s*=>)`;
const awaitedCall = new RegExp(String.raw`await\s+(${callee})\s*\((${given})?`, 'y');
const lentCall = new RegExp(String.raw`(\bawait\s+)?(?<![\w$.#])(${callee})\s*\((${given})?`, 'g');
const methodName = /[^.\]]*$/;

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
  const object = left.replace(methodName, '');
  if (object !== '' && object === right.replace(methodName, '')) return true;
  const method = methodOf(left);
  return isLockName(method) && method === methodOf(right);
}

/** A call that a function waits in. */
interface Ask {
  /** Keys in brackets are left out. */
  readonly call: string;
  /** A function was given that is called with what was asked for: when the call returns, it is given back. */
  readonly isScoped: boolean;
}

/** The call that a task waits in; null when its line is not known, or it awaits no call. */
export function askedCall(task: Task): Ask | null {
  const { line, at } = placeInLine(task);
  awaitedCall.lastIndex = at;
  const [, name, scope] = awaitedCall.exec(line) ?? [];
  return name === undefined ? null : { call: plain(name), isScoped: scope !== undefined };
}

/** What a task got before that, as far as the lines shown tell, and still has: a lock, a connection. */
export function earlierCalls(task: Task): string[] {
  const { line, at, before } = placeInLine(task);
  const text = [...before, line.slice(0, at)].join('\n');
  return [...text.matchAll(lentCall)].flatMap(
    ({ 0: whole, 1: isAwaited, 2: name = '', 3: scope, index }) => {
      const since = text.slice(index + whole.length);
      if (scope !== undefined)
        return lends(name) && isOpen(`(${scope}${since}`) ? [plain(name)] : [];
      return isAwaited !== undefined && lends(name) && isStillIn(since) ? [plain(name)] : [];
    },
  );
}

/** True for a call after which its caller has something, and gives it back itself. */
export function lends(call: string): boolean {
  const method = methodOf(call);
  return isLockName(method) || lendingMethod.test(method);
}

function methodOf(call: string): string {
  return methodName.exec(call)?.[0] ?? call;
}

/** @param since from a call on: neither its block has ended (that of another function, perhaps), nor was it released */
function isStillIn(since: string): boolean {
  return !releaseCall.test(since) && lowestDepth(since, /[{}]/g, '{') >= 0;
}

/** @param text from an opening parenthesis on: the function that was given is not at its end */
function isOpen(text: string): boolean {
  return lowestDepth(text.slice(1), /[()]/g, '(') >= 0;
}

/** How deep out of where it begins a text leads. */
function lowestDepth(text: string, brackets: RegExp, opening: string): number {
  let depth = 0;
  let lowest = 0;
  for (const bracket of text.match(brackets) ?? []) {
    depth += bracket === opening ? 1 : -1;
    lowest = Math.min(lowest, depth);
  }
  return lowest;
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
