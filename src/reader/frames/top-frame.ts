/**
 * Where a walk begins. A stopped thread is in one of these places:
 *
 *   1. machine code of the compilers or an embedded builtin: rbp and rip are the frame's, with two exceptions handled
 *      here: the frame is not yet built or already gone (prologue, epilogue), or a builtin without a frame of its own
 *      was called, and the return address to the JavaScript code lies just above rsp;
 *   2. C++: V8 noted the exit frame (c_entry_fp), or for calls without exit frame the caller's fp and pc.
 */
import type { Heap } from '../heap/heap.ts';
import type { Builtin } from '../layout/node-binary.ts';
import type { Registers } from '../memory/registers.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { CodeLookup } from './code.ts';
import type { CodeSpace } from './code-space.ts';
import type { WasmCodeTable } from '../wasm/code-table.ts';
import type { IsolateState } from './isolate.ts';
import { isFrameMarker, type UnwindStart, type UnwoundFrame, type WalkState } from './frame.ts';

const interpreterBuiltin =
  /Handler$|^InterpreterEntryTrampoline|^InterpreterEnter|^BaselineOrInterpreterEnter/;
/** What C++ calls to enter JavaScript. */
const entryBuiltin = /^JS\w*Entry$/;
/** push rbp; mov rbp, rsp */
const framePrologue = Buffer.from([0x55, 0x48, 0x89, 0xe5]);
/**
 * The checks before the prologue (is the code still valid, tiering) are shorter than this; InterpreterEntryTrampoline has the
 * most: 97, 110, 119, 109 and 125 bytes in Node 18, 20, 22, 24 and 26.
 */
const prologueSearchBytes = 192;
/** Context, function, argument count. */
const fixedFrameBytes = 24;
/** The same, bytecode array and bytecode offset. */
const interpretedFrameBytes = 40;
const returnOpcodes = [0xc3, 0xc2];
/** More than the frame of an entry into JavaScript has, on which nothing else stands while its own code runs. */
const entryFrameBytes = 256;
/** How far above rsp a frameless builtin leaves its return address. */
const returnAddressSearchBytes = 4096;

/** Where code is: builtins by address, compiled code by its headers. */
export interface CodePlaces {
  readonly space: CodeSpace;
  readonly code: CodeLookup;
  readonly wasm: WasmCodeTable;
}

/**
 * The innermost frame. A function caught in its prologue is pushed to `frames`, since its frame is not built yet.
 * @returns null when the thread runs JavaScript and there are neither registers nor a frame pointer
 * @throws UnreadableMemory
 */
export function findTop(
  heap: Heap,
  place: CodePlaces,
  start: UnwindStart,
  frames: UnwoundFrame[],
): WalkState | null {
  const { isolate, registers, at } = start;
  if (at !== undefined) return { ...at, registers: null };
  const isRegExp = registers !== null && isRegExpCode(place, registers);
  const isGenerated = registers !== null && place.space.isJavaScript(registers.rip) && !isRegExp;
  if (isGenerated && !isOutsideEntry(heap, place, registers))
    return topOfGenerated(heap, place, registers, frames);
  const left = whereJavaScriptWasLeft(isolate, registers?.rsp ?? 0);
  if (left !== null) return left;
  // Called by a builtin without going through C++: its frame is a plain one, and the builtin's lies below.
  if (isRegExp)
    return {
      fp: heap.memory.u64(registers.rbp),
      pc: heap.memory.u64(registers.rbp + 8),
      registers: null,
    };
  return start.framePointer === undefined
    ? null
    : { fp: start.framePointer, pc: null, registers: null };
}

/**
 * What V8 noted when the thread went from JavaScript to C++. Both notes can be set: a call without exit frame from code that
 * was itself called through one. The inner one is nearer to the stack pointer; what lies below that is stale.
 */
function whereJavaScriptWasLeft(isolate: IsolateState, rsp: Address): WalkState | null {
  const notes: WalkState[] = [
    { fp: isolate.cEntryFp, pc: null, registers: null },
    { fp: isolate.fastCallFp, pc: isolate.fastCallPc, registers: null },
  ];
  const [inner] = notes.filter(({ fp }) => fp !== 0 && fp >= rsp).sort((a, b) => a.fp - b.fp);
  return inner ?? null;
}

/** At the first or the last instructions of what enters JavaScript: rbp is still, or again, that of C++. */
function isOutsideEntry(heap: Heap, place: CodePlaces, { rip, rsp, rbp }: Registers): boolean {
  const builtin = place.space.builtinAt(rip);
  if (builtin === null || !entryBuiltin.test(builtin.name)) return false;
  return rsp > rbp - 8 || rsp < rbp - entryFrameBytes || !isFrameMarker(heap.memory.u64(rbp - 8));
}

/** Machine code of a regular expression: generated, but no function's, and before 22 without a frame marker. */
function isRegExpCode({ space, code, wasm }: CodePlaces, { rip }: Registers): boolean {
  return space.isGenerated(rip) && wasm.find(rip) === null && code.find(rip)?.tier === null;
}

function topOfGenerated(
  heap: Heap,
  place: CodePlaces,
  registers: Registers,
  frames: UnwoundFrame[],
): WalkState {
  const { memory } = heap;
  const { rip, rsp, rbp } = registers;
  if (returnOpcodes.includes(memory.u8(rip)))
    return { fp: rbp, pc: memory.u64(rsp), registers: null };
  const builtin = place.space.builtinAt(rip);
  const entered = enteredFrame(heap, place, registers);
  if (entered !== null) {
    if (builtin === null && place.wasm.find(rip) !== null)
      frames.push({ kind: 'wasm', fp: null, pc: rip, isTop: true });
    else if ((builtin === null || isTrampoline(builtin)) && heap.isFunction(registers.rdi))
      frames.push({
        kind: 'script',
        fp: entered,
        pc: builtin === null ? rip : null,
        isTop: true,
        function: registers.rdi,
        registers,
        isEntering: true,
      });
    return {
      fp: entered === rbp ? memory.u64(rbp) : rbp,
      pc: memory.u64(entered + 8),
      registers: null,
    };
  }
  if (builtin === null || interpreterBuiltin.test(builtin.name))
    return { fp: rbp, pc: rip, registers };
  const caller = returnIntoScript(heap, place.space, rsp, rbp);
  return { fp: rbp, pc: caller ?? rip, registers: caller === null ? registers : null };
}

/**
 * Frame pointer that the function being entered has, or will have, while its frame is not fully built; null behind that.
 * The steps are: push rbp; mov rbp, rsp; then the frame's marker, or context, function and argument count are pushed.
 */
function enteredFrame(heap: Heap, place: CodePlaces, { rip, rsp, rbp }: Registers): Address | null {
  const builtin = place.space.builtinAt(rip);
  const pushRbp = findPrologue(heap, builtin ?? place.wasm.find(rip) ?? place.code.find(rip));
  if (pushRbp !== null && rip <= pushRbp) return rsp - 8;
  if (pushRbp !== null && rip === pushRbp + 1) return rsp;
  const frameBytes = isTrampoline(builtin) ? interpretedFrameBytes : fixedFrameBytes;
  if (rsp > rbp || rsp <= rbp - frameBytes) return null;
  const isMarked = rsp <= rbp - 8 && isFrameMarker(heap.memory.u64(rbp - 8));
  return isMarked ? null : rbp;
}

/** The builtin that enters interpreted functions. */
function isTrampoline(builtin: Builtin | null): boolean {
  return builtin?.name.startsWith('InterpreterEntryTrampoline') === true;
}

/** Address of the `push rbp` that builds the frame of this code; null when it builds none near its start. */
function findPrologue(heap: Heap, code: { start: Address; end: Address } | null): Address | null {
  if (code === null) return null;
  const length = Math.min(prologueSearchBytes, code.end - code.start);
  const at = heap.memory.bytes(code.start, length).indexOf(framePrologue);
  return at < 0 ? null : code.start + at;
}

/** The return address nearest to rsp that leads into compiled code, or into the interpreter of an interpreted frame. */
function returnIntoScript(heap: Heap, space: CodeSpace, rsp: Address, fp: Address): Address | null {
  const { memory } = heap;
  const isInterpreted = isInterpretedFrame(heap, fp);
  const end = Math.min(fp, rsp + returnAddressSearchBytes);
  for (let address = rsp; address < end; address += 8) {
    const word = memory.u64(address);
    if (space.isGenerated(word)) return word;
    const builtin = isInterpreted ? space.builtinAt(word) : null;
    if (builtin !== null && interpreterBuiltin.test(builtin.name)) return word;
  }
  return null;
}

function isInterpretedFrame(heap: Heap, fp: Address): boolean {
  try {
    return heap.is(heap.memory.u64(fp - 32), 'BYTECODE_ARRAY');
  } catch (error) {
    if (error instanceof UnreadableMemory) return false;
    throw error;
  }
}
