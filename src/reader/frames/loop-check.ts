/**
 * Values of the optimised frame a thread is running in.
 *
 * In the middle of optimised code a variable is in whatever register the compiler liked, and nothing tells which. But
 * every loop asks once per turn whether somebody wants to interrupt it, and for the rare yes the compiler has prepared a
 * call, with a translation of the whole frame (translated-activations.ts). On the way to that call the live registers are
 * stored into the frame:
 *
 *     check:   cmp rsp, [r13 - 0x60]          or, since 13.x in loops: cmp byte ptr [r13 - 0x4f], 0
 *              jbe slow                       or: ja loop, and the slow path follows
 *     slow:    mov [rbp - 0x80], rdx          the live values get a place …
 *              vmovsd [rbp - 0xa0], xmm3
 *              call StackGuard                … where the translation of this return address finds them
 *
 * So, from wherever the thread stands, the code is emulated on copies of its registers and memory (x64/), through the
 * rest of the loop's turn to the next check, there down the slow path, and to its call. A call on the way that has such a
 * translation does as well. The target itself takes no part in this and is not changed. What is then read is what it was
 * about to compute, unless somebody else writes to memory it shares. Sources: StackPointerGreaterThan and
 * LoadStackCheckOffset in src/compiler/backend/x64/, JSStackCheck and JSLoopStackCheck in src/compiler/; the forms were
 * read off the code of Node 18 to 26.
 */
import { limits } from '../../limits.ts';
import type { Heap } from '../heap/heap.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { CodeObject } from './code.ts';
import type { CodePlaces } from './top-frame.ts';
import { isTranslatedAt } from './translated-activations.ts';
import { execute, fetch, isCall } from './x64/emulator.ts';
import { Machine, rbp, rsp } from './x64/machine.ts';
import { EmulationEnd } from './x64/words.ts';

/** A frame in a call at which its values can be read. */
export interface CallPlace {
  readonly fp: Address;
  /** The return address. */
  readonly pc: Address;
}

/** More checks than this has only code that inlined dozens of loops. */
const maxChecks = 256;
/** The clock is looked at once in so many instructions. */
const clockInterval = 64;
const compareForms = [
  { bytes: [0x49, 0x3b, 0x65], length: 4 }, // cmp rsp, [r13 + disp8]
  { bytes: [0x49, 0x3b, 0xa5], length: 7 }, // cmp rsp, [r13 + disp32]
  { bytes: [0x41, 0x80, 0x7d], length: 5 }, // cmp byte ptr [r13 + disp8], imm8
  { bytes: [0x41, 0x80, 0xbd], length: 8 }, // cmp byte ptr [r13 + disp32], imm8
] as const;
/** Conditions that lead to the slow path, and their opposites that lead around it. */
const slowConditions = [0x5, 0x6]; // jne (the byte is set), jbe (the stack limit is reached)
const fastConditions = [0x4, 0x7]; // je, ja

/**
 * Works out in our copy of the memory what a stopped thread does up to the next call at which its frame can be read.
 * @param registerSet as Native.stopThreads() fills it
 * @returns null when it comes from no optimised code, or its way there is not known for certain; then the copy of the
 *          memory is spoilt
 */
export function runToReadableCall(
  heap: Heap,
  place: CodePlaces,
  registerSet: Buffer,
): CallPlace | null {
  try {
    return new LoopTurn(heap, place, new Machine(heap.memory, registerSet)).run();
  } catch (error) {
    if (error instanceof EmulationEnd || error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** The frame whose values are wanted. */
interface LoopFrame {
  readonly code: CodeObject;
  readonly pointer: bigint;
  /** Where the slow path begins, by the address of the check. */
  readonly slowPaths: ReadonlyMap<Address, Address>;
}

/** The rest of one turn of a loop. */
class LoopTurn {
  readonly #heap: Heap;
  readonly #place: CodePlaces;
  readonly #machine: Machine;
  /** Null while a builtin runs that the thread was stopped in: the frame is that of the code it returns to. */
  #frame: LoopFrame | null = null;
  #builtin: { readonly start: Address; readonly end: Address } | null = null;

  constructor(heap: Heap, place: CodePlaces, machine: Machine) {
    this.#heap = heap;
    this.#place = place;
    this.#machine = machine;
  }

  /** @throws EmulationEnd, UnreadableMemory */
  run(): CallPlace {
    const endsAtMs = performance.now() + limits.maxEmulationMs;
    for (let count = 0; count < limits.maxEmulatedInstructions; count++) {
      if (count % clockInterval === 0 && performance.now() > endsAtMs) break;
      const place = this.#step();
      if (place !== null) return place;
    }
    throw new EmulationEnd('no end within the limits');
  }

  #step(): CallPlace | null {
    const machine = this.#machine;
    const frame = this.#ownFrame();
    if (frame !== null) machine.rip = frame.slowPaths.get(machine.rip) ?? machine.rip;
    const decoded = fetch(machine);
    if (frame !== null && isCall(decoded)) {
      const pc = decoded.instruction.next;
      if (isTranslatedAt(this.#heap, frame.code, pc)) return { fp: Number(frame.pointer), pc };
    }
    execute(machine, decoded);
    if (this.#frame !== null && machine.register(rsp, 8) > this.#frame.pointer)
      throw new EmulationEnd('the frame was left');
    return null;
  }

  /** Null in a builtin or another function called from the frame. @throws EmulationEnd */
  #ownFrame(): LoopFrame | null {
    const { rip } = this.#machine;
    if (isWithin(this.#builtin, rip)) return null;
    if (this.#place.space.isGenerated(rip)) {
      this.#frame ??= this.#findFrame(rip);
      const isOwn =
        isWithin(this.#frame.code, rip) && this.#machine.register(rbp, 8) === this.#frame.pointer;
      return isOwn ? this.#frame : null;
    }
    this.#builtin = this.#place.space.builtinAt(rip);
    if (this.#builtin === null) throw new EmulationEnd('a call into C++');
    return null;
  }

  #findFrame(rip: Address): LoopFrame {
    const code = this.#place.code.find(rip);
    if (code?.tier !== 'turbofan' && code?.tier !== 'maglev')
      throw new EmulationEnd('not in optimised code');
    return {
      code,
      pointer: this.#machine.register(rbp, 8),
      slowPaths: findSlowPaths(this.#heap.memory, code),
    };
  }
}

function isWithin(
  range: { readonly start: Address; readonly end: Address } | null,
  address: Address,
): boolean {
  return range !== null && address >= range.start && address < range.end;
}

/** Of all checks of a code object. */
function findSlowPaths(memory: PagedMemory, code: CodeObject): ReadonlyMap<Address, Address> {
  const bytes = memory.bytes(code.start, code.end - code.start);
  const slowPaths = new Map<Address, Address>();
  for (let at = 0; at + 16 < bytes.length && slowPaths.size < maxChecks; at++) {
    const form = compareForms.find(({ bytes: form }) =>
      form.every((byte, i) => bytes[at + i] === byte),
    );
    if (form === undefined) continue;
    const slowPath = findSlowPath(bytes, at + form.length);
    if (slowPath !== null) slowPaths.set(code.start + at, code.start + slowPath);
  }
  return slowPaths;
}

function findSlowPath(bytes: Buffer, at: number): number | null {
  const isNear = bytes[at] === 0x0f;
  const opcode = bytes[at + (isNear ? 1 : 0)] ?? 0;
  if ((opcode & 0xf0) !== (isNear ? 0x80 : 0x70)) return null;
  const next = at + (isNear ? 6 : 2);
  const target = next + (isNear ? bytes.readInt32LE(at + 2) : bytes.readInt8(at + 1));
  if (slowConditions.includes(opcode & 15)) return target;
  return fastConditions.includes(opcode & 15) ? next : null;
}
