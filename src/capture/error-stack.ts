/**
 * The place of an error that was told to the agent: by its own stack, else by those of the errors in it, and never by where the agent
 * stands while it reports.
 */
import { rejectionName } from '../report/rejection.ts';
import type { ErrorRecord, Frame, Thread, Value } from '../report/schema.ts';
import { parseErrorFrames } from './error-frames.ts';

/** Frames that tell where an error was made. */
export interface ErrorStack {
  readonly frames: Frame[];
  /** In words. */
  readonly whose: string;
}

/** Nesting of errors that is looked into. */
const maxDepth = 8;
/** Node's module of `process._fatalException`, in all versions: it calls the monitors, and nothing above it is the program's. */
const fatalModule = 'node:internal/process/execution';
const rejectionsModule = 'node:internal/process/promises';
/** `throwUnhandledRejectionsMode`, `strictUnhandledRejectionsMode`: both have the value in their local `reason`. */
const rejectingFunction = /UnhandledRejectionsMode$/;
const rejectionCode = '"ERR_UNHANDLED_REJECTION"';

/**
 * What `Promise.any()` rejects with has no stack, and a program can take it away: then that of its errors counts, and of
 * its cause. Null: none of them has one.
 */
export function findErrorStack(error: ErrorRecord): ErrorStack | null {
  const own = parseErrorFrames(error.stack ?? '');
  if (own.length > 0) return { frames: own, whose: 'the stack of the error' };
  return findInside(error, 0);
}

function findInside({ errors = [], cause }: ErrorRecord, depth: number): ErrorStack | null {
  if (depth >= maxDepth) return null;
  const inside = [
    ...errors.map((one) => [one, 'the stack of one of its errors'] as const),
    ...(cause === undefined ? [] : [[cause, 'the stack of its cause'] as const]),
  ];
  for (const [one, whose] of inside) {
    const frames = parseErrorFrames(one.stack ?? '');
    if (frames.length > 0) return { frames, whose };
    const deeper = findInside(one, depth + 1);
    if (deeper !== null) return deeper;
  }
  return null;
}

/**
 * Index of the first frame below our listener, Node's call of it, and whoever has put a layer of his own between; behind the
 * last frame where Node's call is not to be seen.
 */
export function withoutErrorReporter(frames: readonly Frame[]): number {
  const call = frames.findIndex(({ file }) => file === fatalModule);
  return call < 0 ? frames.length : call + 1;
}

/**
 * Gives the error that Node makes of a rejection with something else that value as its property `reason`: Node keeps only a word
 * of it, but has it on the stack while the agent reports.
 * @param threads as read, before they are shown as they were
 */
export function addRejectedValue<
  T extends { readonly error?: ErrorRecord; readonly death?: { readonly tid: number } },
>(request: T, threads: readonly Pick<Thread, 'tid' | 'frames'>[]): T {
  const { error, death } = request;
  if (error === undefined || death === undefined) return request;
  const isNodes = error.properties.some(
    ({ name, value }) => name === 'code' && value.preview === rejectionCode,
  );
  if (error.name !== rejectionName || !isNodes) return request;
  const value = findReason(threads.find(({ tid }) => tid === death.tid)?.frames ?? []);
  if (value === undefined) return request;
  const properties = [{ name: 'reason', value }, ...error.properties];
  return { ...request, error: { ...error, properties } };
}

function findReason(frames: readonly Frame[]): Value | undefined {
  const frame = frames.find(
    (one) => one.file === rejectionsModule && rejectingFunction.test(one.function),
  );
  const info = frame?.arguments.find(({ name }) => name === 'promiseInfo')?.value;
  const known = [...(frame?.locals ?? []), ...(info?.properties ?? [])];
  return known.find(({ name, value }) => name === 'reason' && value.reason === undefined)?.value;
}
