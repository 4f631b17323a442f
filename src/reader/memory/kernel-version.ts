/**
 * The version of Linux a process ran on, from the vDSO that the kernel maps into it: a small ELF library with a note of
 * owner `Linux`, type 0, whose four bytes are LINUX_VERSION_CODE (arch/x86/entry/vdso/note.S).
 */
import type { PagedMemory } from './paged.ts';
import { type Address, UnreadableMemory } from './source.ts';

const AT_SYSINFO_EHDR = 33;
const PT_NOTE = 4;
/** The vDSO has four program headers and three notes. */
const maxEntries = 16;

/** @returns such as `6.1.0`; null when the vDSO cannot be read */
export function readKernelVersion(
  memory: PagedMemory,
  auxiliary: ReadonlyMap<number, number>,
): string | null {
  const image = auxiliary.get(AT_SYSINFO_EHDR);
  if (image === undefined) return null;
  try {
    if (memory.u32(image) !== 0x464c457f) return null;
    const table = image + memory.u32(image + 32);
    const count = Math.min(memory.u16(image + 56), maxEntries);
    for (let entry = table; entry < table + count * 56; entry += 56) {
      if (memory.u32(entry) !== PT_NOTE) continue;
      const start = image + memory.u32(entry + 8);
      const code = findVersionCode(memory, start, start + memory.u32(entry + 32));
      if (code !== null) return `${code >>> 16}.${(code >>> 8) & 0xff}.${code & 0xff}`;
    }
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) throw error;
  }
  return null;
}

function findVersionCode(memory: PagedMemory, start: Address, end: Address): number | null {
  let at = start;
  for (let left = maxEntries; left > 0 && at + 12 <= end; left--) {
    const nameBytes = memory.u32(at);
    const length = memory.u32(at + 4);
    const isLinux = nameBytes === 6 && memory.bytes(at + 12, 5).toString('latin1') === 'Linux';
    const description = at + 12 + Math.ceil(nameBytes / 4) * 4;
    if (isLinux && memory.u32(at + 8) === 0 && length === 4) return memory.u32(description);
    at = description + Math.ceil(length / 4) * 4;
  }
  return null;
}
