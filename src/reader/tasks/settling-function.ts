/** A function that settles a promise, in words: one of the program's by its name and what it is about, one of Node's own by what it waits for. */
import {
  contextOfFunction,
  readSharedFunction,
  readSourceRange,
  sharedOfFunction,
} from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import type { ScriptCache } from '../scripts.ts';
import { tellNodeWait } from './node-waits.ts';
import type { Settler } from './settler.ts';
import { subjectOfScope } from './subjects.ts';

export type SettlingFunction = Extract<Settler, { kind: 'function' | 'node' }>;

/** @throws UnreadableMemory */
export function describeFunction(
  heap: Heap,
  scripts: ScriptCache,
  address: Tagged,
  withValues: boolean,
): SettlingFunction {
  const shared = readSharedFunction(heap, sharedOfFunction(heap, address));
  const script = shared.script === null ? null : scripts.read(heap, shared.script);
  const name = script?.nameOf(shared) ?? shared.name;
  const file = script?.name ?? '';
  const context = contextOfFunction(heap, address);
  const words = tellNodeWait(heap, file, context);
  if (words !== null) return { kind: 'node', words };
  const about = subjectOfScope(heap, context, withValues);
  const line = script?.place(readSourceRange(heap, shared).start)?.line ?? null;
  return { kind: 'function', names: name === '' ? [] : [name], file, line, about };
}

/** False for V8's own. */
export function isOfScript(settling: SettlingFunction): boolean {
  return settling.kind === 'node' || settling.file !== '';
}
