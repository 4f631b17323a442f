/** The memory map of a process, from proc(5) `/proc/PID/maps`. */
import { readProcText } from './process-files.ts';
import type { Address } from './source.ts';

/** One line of the map: the half-open range [start, end). */
export interface Mapping {
  readonly start: Address;
  readonly end: Address;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  /** Offset in the file; 0 for anonymous memory. */
  readonly fileOffset: number;
  /** Path as the kernel prints it (` (deleted)` included), `[stack]`, or empty. */
  readonly path: string;
}

const linePattern = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+\s*(.*)$/;

/** Parses the text of a maps file. Lines that do not fit the format are passed over. */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split('\n')) {
    const match = linePattern.exec(line);
    if (match === null) continue;
    const [, start = '', end = '', permissions = '', fileOffset = '', path = ''] = match;
    mappings.push({
      start: parseInt(start, 16),
      end: parseInt(end, 16),
      readable: permissions.startsWith('r'),
      writable: permissions[1] === 'w',
      executable: permissions[2] === 'x',
      fileOffset: parseInt(fileOffset, 16),
      path,
    });
  }
  return mappings;
}

/** @throws the system's error (ENOENT, EACCES) */
export function readMaps(pid: number): Mapping[] {
  return parseMaps(readProcText(`/proc/${pid}/maps`));
}

/** The mapping that holds `address`; mappings are sorted as the kernel prints them. */
export function findMapping(mappings: readonly Mapping[], address: Address): Mapping | null {
  return findRange(mappings, address);
}

/** The one of sorted ranges, [start, end), that holds `address`. */
export function findRange<Range extends { readonly start: Address; readonly end: Address }>(
  ranges: readonly Range[],
  address: Address,
): Range | null {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined) return null;
    if (address < range.start) high = middle - 1;
    else if (address >= range.end) low = middle + 1;
    else return range;
  }
  return null;
}
