/**
 * The thread pointers (fs base) of a process whose threads are not stopped: from what the C library keeps there.
 *
 * On x86-64 glibc's struct pthread begins at the thread pointer, with the pointer to itself at 0 (`tcb`) and at 16 (`self`) of
 * its header (sysdeps/x86_64/nptl/tls.h, tcbhead_t). The header is padded to 704 bytes, a list node follows, then the
 * thread's id, at 720 since glibc 2.4 (nptl/descr.h). It lies at the upper end of a thread's stack, for the main thread in a
 * small mapping of its own. Another C library has another structure: nothing is found then, and nothing wrong.
 */
import { wordAt } from './elf.ts';
import { LiveMemory } from './live.ts';
import type { Mapping } from './maps.ts';
import type { Address } from './source.ts';

const tcbOffset = 0;
const selfOffset = 16;
const tidOffset = 720;
const alignment = 64;
/** struct pthread (2.3 KiB) and the thread-local variables of all libraries below it are at the end of a stack. */
const searchedBytes = 32 << 10;
/** V8's heap may be thousands of mappings of whole 256 KiB pages. Stacks of that size are rare: less is read of each. */
const heapPageBytes = 256 << 10;
const searchedOfHeap = 4 << 10;

/** Threads that are not found are missing in the answer. */
export function findThreadPointers(
  pid: number,
  tids: readonly number[],
  mappings: readonly Mapping[],
): { readonly tid: number; readonly fsBase: Address }[] {
  const memory = new LiveMemory(pid);
  const wanted = new Set(tids);
  const found = new Map<number, Address>();
  const bytes = Buffer.allocUnsafe(searchedBytes + alignment);
  for (const { start, end, readable, writable, path } of mappings) {
    if (found.size === wanted.size) break;
    const isHeap = start % heapPageBytes === 0 && (end - start) % heapPageBytes === 0;
    if (!readable || !writable || path !== '') continue;
    const from = Math.max(start, end - (isHeap ? searchedOfHeap : searchedBytes));
    const length = memory.read(from, bytes.subarray(0, end - from));
    for (let at = 0; at + tidOffset + 4 <= length; at += alignment) {
      const address = from + at;
      if (wordAt(bytes, at + tcbOffset) !== address || wordAt(bytes, at + selfOffset) !== address)
        continue;
      const tid = bytes.readUInt32LE(at + tidOffset);
      if (wanted.has(tid)) found.set(tid, address);
    }
  }
  return [...found].map(([tid, fsBase]) => ({ tid, fsBase }));
}
