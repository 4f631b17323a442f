/** The double that means "no element": a NaN with the same bits in both halves (src/objects/fixed-array.h kHoleNanUpper32). */
import type { PagedMemory } from '../memory/paged.ts';
import type { Address } from '../memory/source.ts';

const holeNanHalf = 0xfff7ffff;

/** @throws UnreadableMemory */
export function isHoleNan(memory: PagedMemory, address: Address): boolean {
  return memory.u32(address) === holeNanHalf && memory.u32(address + 4) === holeNanHalf;
}
