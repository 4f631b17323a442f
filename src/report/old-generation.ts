/** What the old generation of a heap holds. Pure; in the viewer's page, too. */
import type { HeapSizes } from './schema.ts';

/** Spaces whose objects count against `limitBytes`. */
export function oldSpaces({ spaces }: HeapSizes): HeapSizes['spaces'] {
  return spaces.filter(({ name }) => !name.startsWith('new_'));
}

/** Their sizes, added up. */
export function oldGenerationBytes(heap: HeapSizes): number {
  return oldSpaces(heap).reduce((sum, { usedBytes }) => sum + usedBytes, 0);
}
