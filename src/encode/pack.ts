/** Writes MessagePack. Apart from what reads it: whoever only reads need not load the library for it. */
import { Packr } from 'msgpackr';
import { type SectionHead, type SectionName, checksumBytes, checksumOf } from './sections.ts';

export const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Head and value of one section. */
export function packSection(
  section: SectionName,
  value: Uint8Array,
  place: Pick<SectionHead, 'into' | 'from'> = {},
): Buffer {
  // A checksum of all ones takes five bytes whatever the real one is.
  const head = packr.pack({ section, ...place, bytes: value.length, crc32: 0xffff_ffff });
  const checked = head.subarray(0, head.length - checksumBytes);
  head.writeUInt32BE(checksumOf(checked, value), head.length - checksumBytes);
  return Buffer.concat([head, value]);
}
