/**
 * From the timer of a loop to the function that runs the timers of JavaScript.
 *
 * Node drives all timers of an environment by one uv_timer_t, a member of node::Environment (src/env.h). The environment,
 * from Node 20 on its principal realm, holds `processTimers` of lib/internal/timers.js as a v8::Global: a pointer to a
 * word of V8's global handles, which holds the tagged pointer. Where in these objects the Global lies changes with every
 * release, so it is searched for and recognised by name and script; the way there is remembered for each binary and
 * checked at each use.
 *
 *     uv_timer_t ─(member of)─ Environment ──► Realm ──► global handle ──► JSFunction processTimers
 */
import { readScriptName, readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { learnedOf } from '../layout/learned.ts';
import type { NodeBinary } from '../layout/node-binary.ts';
import { isPointer, type Tagged } from '../layout/tagged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';

/** Byte offsets: from the uv_timer_t to the Global, or to the pointer to the realm and from the realm to the Global. */
interface Route {
  readonly realm: number | null;
  readonly global: number;
}

const callback = { name: 'processTimers', script: 'node:internal/timers' } as const;
/** The timer is among the first members of an Environment; it is 2 to 4 KiB long. */
const environmentBytes = { before: 1_024, behind: 6_144 };
const realmBytes = 4_096;

/** A word that holds the tagged pointer to processTimers: V8 keeps it up to date, and it stays as long as the environment. */
export type CallbackHandle = Address;

/**
 * @param heap of the running process: the search reads a hundred pages, which no stop should copy
 * @param loadBias of the binary
 * @returns null when there is none, as before the environment is complete
 */
export function findTimerCallback(
  heap: Heap,
  binary: NodeBinary,
  loadBias: number,
  timer: Address,
): CallbackHandle | null {
  const learned = learnedOf(binary.identity);
  const known = learned.timerRoute;
  const handle = known === null ? null : follow(heap, timer, known);
  if (handle !== null) return handle;
  const route = search(heap, binary, loadBias, timer);
  if (route === null) return null;
  learned.timerRoute = route;
  return follow(heap, timer, route);
}

function follow(heap: Heap, timer: Address, { realm, global }: Route): CallbackHandle | null {
  const base = realm === null ? timer : pointerAt(heap, timer + realm);
  return base === null ? null : callbackHandleAt(heap, base + global);
}

function search(heap: Heap, binary: NodeBinary, loadBias: number, timer: Address): Route | null {
  const realms: number[] = [];
  const { before, behind } = environmentBytes;
  heap.memory.prefetchPointees(timer - before, before + behind);
  for (let offset = -before; offset < behind; offset += 8) {
    if (callbackHandleAt(heap, timer + offset) !== null) return { realm: null, global: offset };
    if (isObjectOfBinary(heap, binary, loadBias, pointerAt(heap, timer + offset)))
      realms.push(offset);
  }
  for (const realm of realms) {
    const base = pointerAt(heap, timer + realm);
    if (base === null) continue;
    heap.memory.prefetchPointees(base, realmBytes);
    for (let global = 0; global < realmBytes; global += 8)
      if (callbackHandleAt(heap, base + global) !== null) return { realm, global };
  }
  return null;
}

/** C++ objects with virtual functions begin with a pointer into the binary. */
function isObjectOfBinary(
  heap: Heap,
  binary: NodeBinary,
  loadBias: number,
  address: Address | null,
): boolean {
  const table = address === null ? null : pointerAt(heap, address);
  if (table === null) return false;
  const inFile = table - loadBias;
  return binary.segments.some(
    (segment) => inFile >= segment.address && inFile < segment.address + segment.fileBytes,
  );
}

function pointerAt(heap: Heap, address: Address): Address | null {
  if (!heap.memory.isReadable(address) || !heap.memory.isReadable(address + 7)) return null;
  const word = heap.memory.u64(address);
  return word % 8 === 0 && heap.memory.isReadable(word) ? word : null;
}

function callbackHandleAt(heap: Heap, address: Address): CallbackHandle | null {
  const handle = pointerAt(heap, address);
  return handle !== null && isTimerCallback(heap, heap.memory.u64(handle)) ? handle : null;
}

/** True when the word points to processTimers. */
export function isTimerCallback(heap: Heap, word: Tagged): boolean {
  if (!isPointer(word) || !heap.isFunction(word)) return false;
  try {
    const shared = readSharedFunction(heap, sharedOfFunction(heap, word));
    return (
      shared.name === callback.name &&
      shared.script !== null &&
      readScriptName(heap, shared.script) === callback.script
    );
  } catch (error) {
    if (error instanceof UnreadableMemory) return false;
    throw error;
  }
}
