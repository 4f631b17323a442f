/**
 * The command line of a process from the top of its main stack, where the kernel put it at exec
 * (fs/binfmt_elf.c create_elf_tables):
 *
 *   rsp at start ─► argc │ argv[0] … argv[argc-1] │ 0 │ environment pointers │ 0 │ auxiliary vector │ … strings ─┐
 *                              AT_EXECFN points near the end of the strings, the last thing on the stack ◄───────┘
 *
 * The auxiliary vector is found by its bytes, which a core repeats in a note, and the pointers are walked back from it.
 * The environment is passed over, never read.
 */
import { limits } from '../../limits.ts';
import type { PagedMemory } from './paged.ts';
import { type Address, UnreadableMemory } from './source.ts';

const AT_EXECFN = 31;
/** Arguments kept; the kernel allows more than fit into any report. */
const maxArguments = 1_000;
const maxArgumentBytes = 4_096;
/** Words between the auxiliary vector and argc. */
const maxPointers = 100_000;

/**
 * @param auxiliary in the order of the vector
 * @returns null when they cannot be found: another start of the program than by execve, or a core without the main stack
 */
export function readArguments(
  memory: PagedMemory,
  auxiliary: ReadonlyMap<number, number>,
): string[] | null {
  const [first] = auxiliary;
  const top = auxiliary.get(AT_EXECFN);
  if (first === undefined || top === undefined) return null;
  try {
    const vector = findWords(memory, top, first);
    return vector === null ? null : walkBack(memory, vector, top);
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** Searches downwards, so that the nearest to the strings is found. */
function findWords(
  memory: PagedMemory,
  top: Address,
  [type, value]: readonly [number, number],
): Address | null {
  const lowest = top - limits.maxStackTopBytes;
  for (let address = top - (top % 8); address > lowest; address -= 8)
    if (memory.u64(address) === type && memory.u64(address + 8) === value) return address;
  return null;
}

/** From the vector over the environment's pointers to the arguments', which end at their own count. */
function walkBack(memory: PagedMemory, vector: Address, top: Address): string[] | null {
  const isString = (word: number): boolean => word > vector && word <= top;
  let address = vector - 16;
  let left = maxPointers;
  if (memory.u64(vector - 8) !== 0) return null;
  while (left-- > 0 && isString(memory.u64(address))) address -= 8;
  if (memory.u64(address) !== 0) return null;
  let count = 0;
  address -= 8;
  while (left-- > 0 && isString(memory.u64(address))) {
    count++;
    address -= 8;
  }
  if (memory.u64(address) !== count) return null;
  return Array.from({ length: Math.min(count, maxArguments) }, (_, i) =>
    readText(memory, memory.u64(address + 8 + i * 8)),
  );
}

/** A string that ends with a zero, at most a page of it. @throws UnreadableMemory */
export function readText(memory: PagedMemory, address: Address): string {
  const bytes: number[] = [];
  for (let byte = memory.u8(address); byte !== 0 && bytes.length < maxArgumentBytes;) {
    bytes.push(byte);
    byte = memory.u8(address + bytes.length);
  }
  return Buffer.from(bytes).toString('utf8');
}
