/** Names by which one tells calls that lend something, which is to be given back: locks, connections. Other calls look the same. */

/** Names that say that something is a lock (no block, no clock); a queue of work that is empty looks the same otherwise. */
const lockWords = /(?<![bc]|un)lock|mutex|semaphore|acquire|exclusive|permit|latch/i;
/** Of what is lent, too. */
const poolWords = /pool|getConnection|check_?out|borrow/i;
/** Calls that lend something for longer than they take: `pool.connect`, but not `pool.query`. */
const lendingMethod = /^(?:connect|getConnection|getClient|check_?out|borrow|lease|transaction)$/i;
/** Calls that give something back, whatever they are given. */
const returningMethod = /release|^(?:unlock|give_?back|check_?in)/i;
/** Calls that do so of what is had: `connection.end`. */
const endingMethod = /^(?:close|end|destroy|commit|rollback|dispose)$/i;
const methodName = /[^.\]]*$/;

/** True for what is called a lock. */
export function isLockName(name: string): boolean {
  return lockWords.test(name);
}

/** True for what is called a lock, or something to borrow from. */
export function isLentName(name: string): boolean {
  return lockWords.test(name) || poolWords.test(name);
}

/** True for a call after which its caller has something, and gives it back itself. */
export function lends(call: string): boolean {
  const method = methodOf(call);
  return isLockName(method) || lendingMethod.test(method);
}

/** True for a call that gives back what it is given, or what it belongs to. */
export function givesBack(call: string): boolean {
  return returningMethod.test(methodOf(call));
}

/** True for a call that gives back what it is a method of, if that was lent. */
export function endsItself(call: string): boolean {
  return endingMethod.test(methodOf(call));
}

/** `acquire` of `locks[].acquire`. */
export function methodOf(call: string): string {
  return methodName.exec(call)?.[0] ?? call;
}

/** `this.pool` of `this.pool.acquire`; empty when there is none. */
export function objectOf(call: string): string {
  return call.replace(methodName, '').replace(/\??\.$/, '');
}
