/**
 * How full V8's heap is, by space, read from the running process: plain counters that stay where they are.
 *
 * The Heap is a part of the Isolate, and holds pointers to its spaces. A space is known by its table of virtual functions,
 * whose symbol names its class, and by its second word, which points back to the Heap (src/heap/base-space.h). Where a
 * space keeps its counters is read off the machine code of the functions that return them (`mov off(%rdi),%rax`). So no
 * offset is written here but that of the limit.
 */
import type { V8Layout } from '../layout/resolve.ts';
import { learnedOf } from '../layout/learned.ts';
import type { NodeBinary } from '../layout/node-binary.ts';
import type { HeapSizes } from '../../report/schema.ts';
import type { ElfSymbol } from '../memory/elf.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';

/** Classes of src/heap/*-spaces.h, mangled, and the names that v8.getHeapSpaceStatistics() gives their spaces. */
const spaceClasses: Readonly<Record<string, string>> = {
  '8OldSpace': 'old_space',
  '9CodeSpace': 'code_space',
  '8MapSpace': 'map_space',
  '11SharedSpace': 'shared_space',
  '12TrustedSpace': 'trusted_space',
  '18SharedTrustedSpace': 'shared_trusted_space',
  '19OldLargeObjectSpace': 'large_object_space',
  '20CodeLargeObjectSpace': 'code_large_object_space',
  '19NewLargeObjectSpace': 'new_large_object_space',
  '22SharedLargeObjectSpace': 'shared_large_object_space',
  '23TrustedLargeObjectSpace': 'trusted_large_object_space',
};
const tableSymbol = (name: string) => `_ZTVN2v88internal${name}E`;
const getters = {
  committed: ['_ZNK2v88internal9BaseSpace15CommittedMemoryEv'],
  pagedUsed: ['_ZNK2v88internal14PagedSpaceBase4SizeEv', '_ZNK2v88internal10PagedSpace4SizeEv'],
  largeUsed: ['_ZNK2v88internal16LargeObjectSpace13SizeOfObjectsEv'],
} as const;

/** The table of virtual functions of a MicrotaskQueue, by which reader/pulse.ts finds it. */
export const microtaskQueueTable = '_ZTVN2v88internal14MicrotaskQueueE';

/** Symbols to be read from a binary. */
export const heapSymbolNames: readonly string[] = [
  microtaskQueueTable,
  ...Object.keys(spaceClasses).map(tableSymbol),
  ...Object.values(getters).flat(),
];

/** Itanium C++ ABI: two words stand before the first function of a table. */
const tableHeader = 16;
const spaceHeap = 8;
/** An Isolate is 30 to 70 KiB. */
const isolateBytes = 128 << 10;
const allOffsets = Array.from({ length: isolateBytes / 8 }, (_, i) => i * 8);
const maxSpaces = 32;
const maxGetterBytes = 16;
/** Heaps of other sizes do not exist. */
const plausibleLimit = { from: 1 << 20, to: 2 ** 44 } as const;

interface Space {
  readonly name: string;
  readonly address: Address;
  /** Where in the Isolate the Heap's pointer to it stands. */
  readonly pointerOffset: number;
}

/**
 * @returns null when the binary does not tell, or the heap is not found
 */
export function readHeapSizes(
  memory: PagedMemory,
  binary: NodeBinary,
  layout: V8Layout,
  loadBias: number,
  isolate: Address,
): HeapSizes | null {
  try {
    const offsets = readOffsets(memory, binary.heapSymbols, loadBias);
    const tables = spaceTables(binary.heapSymbols, loadBias);
    // Searching an Isolate reads a thousand pages; where the pointers stand is the same in all isolates of a binary.
    const learned = learnedOf(binary.identity);
    const known = learned.heapPointers;
    let found = known === null ? null : findSpaces(memory, tables, isolate, known);
    // Nothing is believed because it was so before: a pointer that leads nowhere means to search again.
    if (found === null || found.spaces.length !== known?.length) {
      found = findSpaces(memory, tables, isolate, allOffsets);
      if (found !== null)
        learned.heapPointers = found.spaces.map(({ pointerOffset }) => pointerOffset);
    }
    if (offsets === null || found === null) return null;
    const spaces = found.spaces.map(({ name, address }) => ({
      name,
      usedBytes: memory.u64(
        address + (name.includes('large') ? offsets.largeUsed : offsets.pagedUsed),
      ),
      committedBytes: memory.u64(address + offsets.committed),
    }));
    const limitBytes = readLimit(memory, layout, found.heap);
    return { ...(limitBytes !== null && { limitBytes }), spaces };
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

function spaceTables(
  symbols: ReadonlyMap<string, ElfSymbol>,
  loadBias: number,
): Map<Address, string> {
  const tables = new Map<Address, string>();
  for (const [name, space] of Object.entries(spaceClasses)) {
    const symbol = symbols.get(tableSymbol(name));
    if (symbol !== undefined) tables.set(symbol.value + loadBias + tableHeader, space);
  }
  return tables;
}

function findSpaces(
  memory: PagedMemory,
  tables: ReadonlyMap<Address, string>,
  isolate: Address,
  offsets: readonly number[],
): { heap: Address; spaces: Space[] } | null {
  const spaces = new Map<string, Space>();
  let heap: Address | null = null;
  if (offsets === allOffsets) memory.prefetchPointees(isolate, isolateBytes);
  for (const pointerOffset of offsets) {
    if (!memory.isReadable(isolate + pointerOffset)) break;
    const address = memory.u64(isolate + pointerOffset);
    if (address % 8 !== 0 || !memory.isReadable(address)) continue;
    const name = tables.get(memory.u64(address));
    if (name === undefined) continue;
    const owner = memory.u64(address + spaceHeap);
    if (owner < isolate || owner >= isolate + isolateBytes) continue;
    heap ??= owner;
    if (owner === heap && spaces.size < maxSpaces)
      spaces.set(name, { name, address, pointerOffset });
  }
  return heap === null ? null : { heap, spaces: [...spaces.values()] };
}

function readOffsets(
  memory: PagedMemory,
  symbols: ReadonlyMap<string, ElfSymbol>,
  loadBias: number,
): Record<keyof typeof getters, number> | null {
  const offsetOf = (names: readonly string[]) => {
    const symbol = names.map((name) => symbols.get(name)).find((found) => found !== undefined);
    return symbol === undefined ? null : readGetter(memory, symbol.value + loadBias);
  };
  const committed = offsetOf(getters.committed);
  const pagedUsed = offsetOf(getters.pagedUsed);
  const largeUsed = offsetOf(getters.largeUsed);
  return committed === null || pagedUsed === null || largeUsed === null
    ? null
    : { committed, pagedUsed, largeUsed };
}

/** The offset that a function returns the word at: `48 8b 47 disp8` or `48 8b 87 disp32`, before its `ret`. */
function readGetter(memory: PagedMemory, address: Address): number | null {
  const code = memory.bytes(address, maxGetterBytes);
  for (let at = 0; at + 7 <= code.length && code[at] !== 0xc3; at++) {
    if (code[at] !== 0x48 || code[at + 1] !== 0x8b) continue;
    if (code[at + 2] === 0x47) return code.readInt8(at + 3);
    if (code[at + 2] === 0x87) return code.readInt32LE(at + 3);
  }
  return null;
}

/** Heap::max_old_generation_size: what --max-old-space-size sets. */
function readLimit(memory: PagedMemory, layout: V8Layout, heap: Address): number | null {
  const offset = layout.find('heapOldLimit');
  if (offset === undefined) return null;
  const behind = layout.find('heapOldLimitBehind');
  const limit =
    behind === undefined
      ? memory.u64(heap + offset)
      : memory.u64(memory.u64(heap + offset) + behind);
  return limit >= plausibleLimit.from && limit <= plausibleLimit.to ? limit : null;
}
