/**
 * How a report is laid out in its file.
 *
 *   head   { section: "verdict", bytes: 812, crc32: 3735928559 }
 *   value  { verdict: {…}, signature: "…" }
 *   head   { section: "guilty thread", into: ["threads", 0, "frames"], from: 24, bytes: 15980, crc32: … }
 *   value  [ {…}, {…} ]
 *   …
 *   head   { section: "end", bytes: 22, crc32: … }
 *   value  { sections: 14, bytes: 81234 }
 *
 * Everything is standard MessagePack: a decoder that reads one value after the other sees heads and values in turns. Most valuable
 * first, so that a file whose writer, disk or process died is worth what was written of it. A value that is a map goes into
 * the report, or into the map at `into`; one that is a list goes into the list at `into`, from the position `from`.
 * docs/report-format.md says the same to people who write readers. Pure.
 */
import { crc32 } from 'node:zlib';

/** Names of sections, in the order in which they are written. Several sections may have the same name. */
export const sectionNames = [
  'report',
  'verdict',
  'process',
  'error',
  'missing',
  'guilty thread',
  'threads',
  'tasks',
  'event loop',
  'history',
  'environment',
  'rest',
  'end',
] as const;
export type SectionName = (typeof sectionNames)[number];

/** Where a value goes: keys of maps and positions in lists. */
export type SectionPath = readonly (string | number)[];

/** What stands before each value. */
export interface SectionHead {
  readonly section: string;
  /** Place of the value in the report; absent: the report itself. */
  readonly into?: SectionPath;
  /** Of a list: position of its first element. */
  readonly from?: number;
  /** Length of the value. */
  readonly bytes: number;
  /** Of the head without its last four bytes, and of the value. */
  readonly crc32: number;
}

/** The checksum stands last in a head, as an unsigned integer of 32 bits. */
export const checksumBytes = 4;
/** A head begins with a map of up to 15 entries, whose first key is `section`. */
export const headMark = Buffer.from('\xa7section', 'latin1');
/** No head of ours is longer: readers look no further. */
export const maxHeadBytes = 512;

/** CRC-32 as in zlib, gzip and PNG. */
export function checksumOf(head: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(head));
}
