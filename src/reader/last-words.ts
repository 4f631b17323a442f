/**
 * What a dying process has said to itself before it was ended from within, found in its memory:
 *
 * - V8 formats the message of a failed check on the stack, between two markers made for this purpose
 *   (FailureMessage in src/base/logging.cc, since 8.0);
 * - glibc keeps the text of assert(), of a corrupted heap and of a smashed stack in `__abort_msg` (assert/assert.c), for
 *   debuggers: a pointer to a size and the text.
 */
import { limits } from '../limits.ts';
import { LiveMemory } from './memory/live.ts';
import { type Mapping, readMaps } from './memory/maps.ts';
import { PagedMemory } from './memory/paged.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
import { livePlaces, openSymbolFile } from './memory/symbol-file.ts';

/** kStartMarker and the length of the text behind it. */
const failureMarker = Buffer.from([0x10, 0xde, 0xca, 0xde, 0, 0, 0, 0]);
const failureBytes = 512;
const abortMessage = '__abort_msg';
const maxMessageBytes = 4096;

/**
 * @param stackPointer of the thread that ends the process
 * @returns null when there are none
 */
export function readLastWords(pid: number, stackPointer: Address): string | null {
  try {
    const memory = new PagedMemory(new LiveMemory(pid));
    return readFailure(memory, stackPointer) ?? readAbortMessage(pid, memory, readMaps(pid));
  } catch {
    // The process is ending: what cannot be read any more is not known.
    return null;
  }
}

function readFailure(memory: PagedMemory, stackPointer: Address): string | null {
  const from = stackPointer - (stackPointer % 8);
  for (let at = from; at < from + limits.maxStackSearchBytes; at += 8) {
    try {
      if (!memory.bytes(at, failureMarker.length).equals(failureMarker)) continue;
      const text = textOf(memory.bytes(at + 8, failureBytes));
      if (text !== '') return text;
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }
  return null;
}

function readAbortMessage(
  pid: number,
  memory: PagedMemory,
  mappings: readonly Mapping[],
): string | null {
  const libc = mappings.find(
    ({ path, fileOffset }) => fileOffset === 0 && /\/libc(-[\d.]+)?\.so(\.6)?$/.test(path),
  );
  const file = libc === undefined ? null : openSymbolFile(livePlaces(pid), libc, memory);
  if (libc === undefined || file === null) return null;
  try {
    const symbol = file.readSymbols([abortMessage]).get(abortMessage);
    if (symbol === undefined) return null;
    const record = memory.u64(libc.start + symbol.value);
    if (record === 0) return null;
    const size = Math.min(memory.u32(record), maxMessageBytes);
    const text = textOf(memory.bytes(record + 4, Math.max(0, size - 4)));
    return text === '' ? null : text;
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  } finally {
    file.close();
  }
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end).trim();
}
