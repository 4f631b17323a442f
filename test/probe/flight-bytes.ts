/** The bytes of a flight recorder, made by hand. */
import { flightFileBytes } from '#dist/probe/flight-layout.js';

/** Offsets of native/agent/flight_layout.h, written down once more on purpose. */
const at = {
  timeline: 2_304,
  requests: 9_984,
  identity: 26_368,
  annotations: 34_568,
  crumbs: 50_960,
};

function writeText(bytes: Buffer, offset: number, text: string, sequence = 2): void {
  bytes.writeUInt32LE(sequence, offset);
  bytes.writeUInt32LE(Buffer.byteLength(text), offset + 4);
  bytes.write(text, offset + 8);
}

/**
 * One of a process with these words; three seconds, two breadcrumbs, of which the second is half written, one request of worker 3,
 * and what a request has left in a place that was given back.
 */
export function makeFlight(identity: Record<string, unknown> = {}, version = 2): Buffer {
  const bytes = Buffer.alloc(flightFileBytes);
  bytes.write('SLPRFLT\0', 'latin1');
  bytes.writeUInt32LE(version, 8);
  bytes.writeUInt32LE(flightFileBytes, 12);
  bytes.writeInt32LE(4711, 16);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(12_345n, 24);
  bytes.writeBigInt64LE(1_700_000_000_000n, 32);
  bytes.writeBigInt64LE(1_600_000_000_000_000n, 40);
  bytes.writeBigUInt64LE(122n, 48);
  bytes.writeBigUInt64LE(2n, 56);
  for (let index = 0; index < 120; index++) {
    bytes.writeUInt32LE(2, at.timeline + 64 * index);
    // Written 122 times: the ring's first two places hold the newest.
    const number = index < 2 ? index + 120 : index;
    bytes.writeBigInt64LE(
      1_700_000_000_000n + 1_000n * BigInt(number),
      at.timeline + 64 * index + 8,
    );
    bytes.writeUInt32LE(1_000, at.timeline + 64 * index + 16);
    bytes.writeBigUInt64LE(250_000n, at.timeline + 64 * index + 24);
  }
  writeText(bytes, at.identity, JSON.stringify({ argv: ['node', 'app.js'], ...identity }));
  writeText(bytes, at.annotations, '{"build":"42"}');
  writeText(bytes, at.crumbs, '{"text":"whole"}');
  writeText(bytes, at.crumbs + 1_032, '{"text":"half', 3);
  for (const [index, owner] of [4, 0].entries()) {
    const request = at.requests + 256 * index;
    bytes.writeUInt32LE(2, request);
    bytes.writeUInt32LE(version === 1 && owner === 0 ? 0 : 1, request + 4);
    bytes.writeDoubleLE(1_700_000_000_500, request + 8);
    bytes.writeUInt32LE(10, request + 20);
    if (version > 1) bytes.writeUInt32LE(owner, request + 24);
    bytes.write('GET /slow?', request + (version === 1 ? 24 : 28));
  }
  return bytes;
}
