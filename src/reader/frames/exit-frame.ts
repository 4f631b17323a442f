/**
 * The native function that JavaScript called (src/execution/frame-constants.h).
 *
 * BuiltinExit (C++ builtins; before 12.4 also API callbacks): JSFunction at fp+24, argument count as a Smi at fp+32,
 * counting receiver and the four extra words. ApiCallbackExit (12.4 and later): no function, only its template; argument
 * count at fp+24 (Smi) in 12.4, at fp-24 (uint32) since.
 */
import { limits } from '../../limits.ts';
import { readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { smiValue } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { type Slot, tagged } from '../heap/slot.ts';
import type { NativeCall } from './activation.ts';
import type { ExitFrame } from './frame.ts';

const builtinExit = { function: 24, argumentCount: 32, extraWords: 5 } as const;
const apiExitArgumentCount = { slot: 24, raw: -24 } as const;

/** @returns null for exits of V8's own runtime: they are not calls the program made */
export function readNativeCall(heap: Heap, frame: ExitFrame): NativeCall | null {
  try {
    if (frame.type === 'BuiltinExit') return readBuiltinExit(heap, frame.fp);
    if (/^Api(Callback|Construct)Exit$/.test(frame.type)) return readApiExit(heap, frame.fp);
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) throw error;
  }
  return null;
}

function readBuiltinExit(heap: Heap, fp: number): NativeCall {
  const target = heap.memory.u64(fp + builtinExit.function);
  const name = heap.isFunction(target)
    ? readSharedFunction(heap, sharedOfFunction(heap, target)).name
    : '';
  const count =
    (smiValue(heap.memory.u64(fp + builtinExit.argumentCount)) ?? 0) - builtinExit.extraWords;
  return {
    name,
    arguments: readArguments(heap, fp + heap.layout.require('builtinExitReceiver'), count),
  };
}

function readApiExit(heap: Heap, fp: number): NativeCall | null {
  const receiver = heap.layout.find('apiCallbackReceiver');
  if (receiver === undefined) return null;
  const count =
    heap.layout.require('entryFrameHasFastCall') === 1
      ? heap.memory.u32(fp + apiExitArgumentCount.raw)
      : (smiValue(heap.memory.u64(fp + apiExitArgumentCount.slot)) ?? 0);
  return { name: '', arguments: readArguments(heap, fp + receiver, count) };
}

function readArguments(heap: Heap, receiver: number, count: number): Slot[] {
  const shown = Math.max(0, Math.min(count, limits.maxProperties));
  return Array.from({ length: shown }, (_, i) => tagged(heap.memory.u64(receiver + 8 + i * 8)));
}
