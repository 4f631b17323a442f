/**
 * Several reports in one file, to hand to somebody: a gzip file of MessagePack values in pairs, a head and the bytes of a report file.
 *
 *   { bundle: 1, fileName: "2026…-1f3a9c2e.msgpack", crc32: …, notes: [ { at, by, text } ] }
 *   <bytes of the report, uncompressed>
 */
import { basename } from 'node:path';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import * as v from 'valibot';
import { inflate } from '../encode/compress.ts';
import { ScanFault, scanValue } from '../encode/scan.ts';
import { packr } from '../encode/pack.ts';
import { unpack } from '../encode/unpack.ts';
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { parseReportName } from './file-name.ts';
import type { Note } from './sidecars.ts';

/** One report of a bundle. */
export interface BundledReport {
  /** A name of a report file, never a path. */
  readonly fileName: string;
  readonly bytes: Uint8Array;
  readonly notes: readonly Note[];
}

const Head = v.looseObject({
  bundle: v.literal(1),
  fileName: v.pipe(
    v.string(),
    v.check((name) => basename(name) === name && parseReportName(name) !== null),
  ),
  crc32: v.number(),
  notes: v.array(v.looseObject({ at: v.string(), by: v.string(), text: v.string() })),
});

/** Values of a head: some hundred remarks. */
const maxHeadNodes = 10_000;

/** One file of many reports. */
export function packBundle(reports: readonly BundledReport[]): Buffer {
  const parts = reports.flatMap(({ fileName, bytes, notes }) => [
    packr.pack({ bundle: 1, fileName, crc32: crc32(bytes), notes }),
    packr.pack(Buffer.from(bytes)),
  ]);
  return gzipSync(Buffer.concat(parts));
}

/**
 * The reports of a bundle.
 * @returns null when the bytes are no bundle: a single report, perhaps
 * @throws SleeperError ERR_SLEEPER_NOT_A_REPORT when they are a bundle that is damaged or too large
 */
export function unpackBundle(packed: Buffer, origin: string): BundledReport[] | null {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return null;
  try {
    const bytes = gunzipSync(packed, { maxOutputLength: limits.maxBundleBytes });
    if (!isBundle(bytes)) return null;
    return [...readPairs(bytes)];
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem =
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `it unpacks to more than ${limits.maxBundleBytes} bytes`
        : message;
    // Cut or damaged. Of a report the beginning is worth something; of several nobody knows what is missing.
    if (code?.startsWith('Z_') === true && !isBundle(inflate(packed).bytes)) return null;
    throw new SleeperError(
      'ERR_SLEEPER_NOT_A_REPORT',
      `Cannot read the exported reports in ${origin}: ${problem}.`,
      { origin },
      { cause },
    );
  }
}

/** The first key of the first head. */
const bundleMark = Buffer.from('\xa6bundle', 'latin1');

function isBundle(bytes: Buffer): boolean {
  return bytes.subarray(1, 1 + bundleMark.length).equals(bundleMark);
}

function* readPairs(bytes: Buffer): Generator<BundledReport> {
  let offset = 0;
  while (offset < bytes.length) {
    const headEnd = scanValue(bytes, offset, { nodes: maxHeadNodes });
    const head = v.safeParse(Head, unpack(bytes.subarray(offset, headEnd)));
    const end = scanValue(bytes, headEnd, { nodes: 1 });
    const content: unknown = unpack(bytes.subarray(headEnd, end));
    if (!head.success || !(content instanceof Uint8Array)) {
      throw new ScanFault(`what stands at byte ${offset} is no report`, offset);
    }
    if (crc32(content) !== head.output.crc32) {
      throw new ScanFault(`${head.output.fileName} is not what was exported`, offset);
    }
    const { fileName, notes } = head.output;
    yield { fileName, bytes: content, notes };
    offset = end;
  }
}
