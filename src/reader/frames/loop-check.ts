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
 * So the thread is caught at such a check, or a few plain moves before one: it is let run and stopped again until it
 * stands there (Native.catchThread), and what it would store on the slow path is worked out on our copy of its memory.
 * The target itself never takes that path and is not changed. Sources: StackPointerGreaterThan and LoadStackCheckOffset in
 * src/compiler/backend/x64/, JSStackCheck and JSLoopStackCheck in src/compiler/; the forms were read off the code of
 * Node 18 to 26.
 */
import { limits } from '../../limits.ts';
import { SlowPath } from './slow-path.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { CodeObject } from './code.ts';

/** A place where the loop looks whether it should interrupt itself. */
export interface LoopCheck {
  readonly address: Address;
  /** Where the code for the rare case begins. */
  readonly slowPath: Address;
}

/** A thread caught at a check or on its way to one. */
export interface CheckState {
  readonly checks: readonly LoopCheck[];
  /** Where it stands. */
  readonly address: Address;
  readonly registers: Buffer;
  readonly vectors: Buffer;
}

/** More checks than this has only code that inlined dozens of loops. */
const maxChecks = 256;
const compareForms = [
  { bytes: [0x49, 0x3b, 0x65], length: 4 }, // cmp rsp, [r13 + disp8]
  { bytes: [0x49, 0x3b, 0xa5], length: 7 }, // cmp rsp, [r13 + disp32]
  { bytes: [0x41, 0x80, 0x7d], length: 5 }, // cmp byte ptr [r13 + disp8], imm8
  { bytes: [0x41, 0x80, 0xbd], length: 8 }, // cmp byte ptr [r13 + disp32], imm8
] as const;
/** Conditions that lead to the slow path, and their opposites that lead around it. */
const slowConditions = [0x5, 0x6]; // jne (the byte is set), jbe (the stack limit is reached)
const fastConditions = [0x4, 0x7]; // je, ja

/** All checks of a code object. Bytes that only look like one are harmless: no thread ever stands there. */
export function findLoopChecks(memory: PagedMemory, code: CodeObject): LoopCheck[] {
  const bytes = memory.bytes(code.start, code.end - code.start);
  const checks: LoopCheck[] = [];
  for (let at = 0; at + 16 < bytes.length && checks.length < maxChecks; at++) {
    const form = compareForms.find(({ bytes: form }) =>
      form.every((byte, i) => bytes[at + i] === byte),
    );
    if (form === undefined) continue;
    const slowPath = findSlowPath(bytes, at + form.length);
    if (slowPath !== null)
      checks.push({ address: code.start + at, slowPath: code.start + slowPath });
  }
  return checks;
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

/** Every address from which only plain moves lead to a check, the checks themselves included. */
export function findCatchAddresses(
  memory: PagedMemory,
  code: CodeObject,
  checks: readonly LoopCheck[],
): Address[] {
  const byAddress = indexChecks(checks);
  const addresses: Address[] = [];
  for (let address = code.start; address < code.end; address++) {
    if (addresses.length >= limits.maxCatchAddresses) break;
    // Most addresses are no start of an instruction, and what is read there can lead anywhere.
    if (leadsToCheck(memory, address, byAddress)) addresses.push(address);
  }
  return addresses;
}

function leadsToCheck(
  memory: PagedMemory,
  address: Address,
  checks: ReadonlyMap<Address, LoopCheck>,
): boolean {
  try {
    return SlowPath.dry(memory).runToCheck(address, checks) !== null;
  } catch (error) {
    if (error instanceof UnreadableMemory) return false;
    throw error;
  }
}

function indexChecks(checks: readonly LoopCheck[]): ReadonlyMap<Address, LoopCheck> {
  return new Map(checks.map((check) => [check.address, check]));
}

/**
 * Puts into our copy of the memory what the moves to the check and its slow path would store.
 * @returns the return address of the slow path's call, at which the frame can be read; null when the code is not of a
 *          known form
 * @throws UnreadableMemory
 */
export function runToCall(memory: PagedMemory, state: CheckState): Address | null {
  const path = new SlowPath(memory, state.registers, state.vectors);
  const check = path.runToCheck(state.address, indexChecks(state.checks));
  const returnAddress = check === null ? null : path.runToCall(check.slowPath);
  if (returnAddress === null) return null;
  for (const { address, bytes } of path.stores) memory.patch(address, bytes);
  return returnAddress;
}
