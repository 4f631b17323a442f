/** What suspended functions ask for and hold, by their source: `pool.acquire` of `await pool.acquire()`. Pure. */
import { isLockName, methodOf, objectOf } from '../reader/names/lending-words.ts';
import type { Task, TaskCall } from '../report/schema.ts';

export { isLentName, isLockName, lends, methodOf } from '../reader/names/lending-words.ts';

/** The call that a task waits in, as it was written; null when it awaits no call, or its source is not known. */
export function askedCall({ asks }: Task): string | null {
  return asks === undefined ? null : callWritten(asks);
}

/** `pool.acquire`, as it was written. */
export function callWritten({ call, original }: TaskCall): string {
  return original?.call ?? call;
}

/** True for calls of one object: `pool.connect` and `pool.query`. */
export function isOfSameObject(left: string, right: string): boolean {
  const object = objectOf(left);
  return left === right || (object !== '' && object === objectOf(right));
}

/** True for calls of one object, and for those that take locks in the same way. */
export function isSameLender(left: string, right: string): boolean {
  const method = methodOf(left);
  return isOfSameObject(left, right) || (isLockName(method) && method === methodOf(right));
}
