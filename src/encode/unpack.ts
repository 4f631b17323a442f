/** MessagePack bytes that were looked over (scan.ts) to a value. */
import { Unpackr } from 'msgpackr/unpack-no-eval';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/** One whole value. Keys named `__proto__` make no prototypes: msgpackr renames them. */
export function unpack(bytes: Uint8Array): unknown {
  return unpackr.unpack(bytes) as unknown;
}
