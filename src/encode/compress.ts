/**
 * Old reports are kept compressed: the same bytes in a gzip file, which any `zcat` unpacks. Why gzip: docs/decisions. Readers
 * need not know: whatever begins with gzip's mark is unpacked, as far as it goes and never beyond the limit.
 */
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { limits } from '../limits.ts';
import { ScanFault } from './scan.ts';

/** A sixth of the size in a millisecond for each 40 KiB. */
export function compressReport(bytes: Uint8Array): Buffer {
  return gzipSync(bytes, { level: 6 });
}

export function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Attempts to find how far a damaged file can be unpacked. */
const maxAttempts = 12;

/**
 * Unpacks as much as can be had.
 * @throws ScanFault when that is nothing, or more than the limit
 */
export function inflate(bytes: Buffer): { readonly bytes: Buffer; readonly isCut: boolean } {
  const whole = tryInflate(bytes);
  if (whole !== null) return { bytes: whole, isCut: false };
  // Damaged somewhere: the longest beginning that unpacks.
  let good: Buffer | null = null;
  let low = 0;
  let high = bytes.length;
  for (let attempt = 0; attempt < maxAttempts && high - low > 1; attempt++) {
    const middle = (low + high) >> 1;
    const part = tryInflate(bytes.subarray(0, middle));
    if (part === null) high = middle;
    else {
      low = middle;
      good = part;
    }
  }
  if (good === null || good.length === 0) {
    throw new ScanFault('it is a gzip file that cannot be unpacked', 0);
  }
  return { bytes: good, isCut: true };
}

function tryInflate(bytes: Buffer): Buffer | null {
  try {
    return gunzipSync(bytes, {
      // A file that ends too early gives what it holds.
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: limits.maxReportBytes,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      const limit = `${limits.maxReportBytes} bytes`;
      throw new ScanFault(`it unpacks to more than ${limit}`, bytes.length);
    }
    return null;
  }
}
