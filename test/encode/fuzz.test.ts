/**
 * Bytes from an enemy: arbitrary ones, sections with right checksums around arbitrary values, and real reports with changes. Whatever
 * comes, the answer is a report or a SleeperError, soon, within bounds. 20,000 inputs; SLEEPER_TEST_FUZZ=1000000 for a night.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { decodeHeader, decodeReport } from '#dist/encode/decode.js';
import { encodeReport, encodeSections } from '#dist/encode/encode.js';
import { packSection } from '#dist/encode/pack.js';
import type { SectionName } from '#dist/encode/sections.js';
import { SleeperError } from '#dist/errors.js';
import { root } from '../harness/paths.ts';
import { crashReport } from '../view/reports.ts';

const inputs = Number(process.env['SLEEPER_TEST_FUZZ'] ?? 20_000);
/** Seeded, so that a failure comes again; a night chooses its own. */
const seed = process.env['SLEEPER_TEST_FUZZ'] === undefined ? 20_261_123 : Date.now() | 0;
/** Most that one input may cost, in processor time: a busy machine lets us wait for longer. Reports here have some kilobytes. */
const maxMs = 2_000;
/** What zlib holds of a torn stream it lets go of in the next turn of the event loop. */
const inputsPerTurn = 200;
/** Growth of the heap, and of what it holds outside, over all inputs: nothing may stay. */
const maxGrowthBytes = 128 << 20;
const known = {
  id: '0badcafe',
  capturedAt: '2026-11-23T00:48:31.000Z',
  hostname: 'web1',
  pid: 4242,
  triggerKind: 'hang',
};

const originals = ['hang.msgpack', 'uncaught-exception.msgpack'].map((name) =>
  fs.readFileSync(path.join(root, 'test/formats/v1', name)),
);
const current = [encodeReport(decodeReport(originals[1] ?? Buffer.alloc(0), 'v1'))];
const samples = [...originals, ...current, gzipSync(current[0] ?? Buffer.alloc(0))];
const sections = [...encodeSections(crashReport())];

function answer(bytes: Uint8Array): 'report' | 'refused' {
  const startedAt = process.cpuUsage();
  let result: 'report' | 'refused' = 'report';
  for (const read of [
    () => decodeReport(bytes, 'fuzz', known),
    () => decodeHeader(bytes, 'fuzz'),
  ]) {
    try {
      read();
    } catch (error) {
      assert.ok(error instanceof SleeperError, String((error as Error).stack));
      result = 'refused';
    }
  }
  const { user, system } = process.cpuUsage(startedAt);
  const tookMs = (user + system) / 1_000;
  assert.ok(tookMs < maxMs, `${tookMs} ms for ${bytes.length} bytes`);
  return result;
}

const path_ = fc.array(fc.oneof(fc.string(), fc.nat(), fc.constantFrom('threads', 'frames')), {
  maxLength: 6,
});
const anything = fc.anything({
  maxDepth: 4,
  values: [fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)],
});

/** Right checksums around wrong values. */
const section = fc
  .record({
    name: fc.constantFrom<SectionName>('report', 'verdict', 'process', 'threads', 'rest', 'end'),
    value: anything,
    into: fc.option(path_, { nil: undefined }),
    from: fc.option(fc.maxSafeNat(), { nil: undefined }),
  })
  .map(({ name, value, into, from }) =>
    packSection(name, encode(value, { maxDepth: 20 }), {
      ...(into !== undefined && { into }),
      ...(from !== undefined && { from }),
    }),
  );

/** A real report after some accidents: bytes changed, taken out, put in, repeated. */
const mutant = fc
  .record({
    sample: fc.constantFrom(...samples),
    changes: fc.array(
      fc.record({
        at: fc.nat(1_000_000),
        how: fc.constantFrom('set', 'cut', 'insert', 'copy', 'truncate'),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ sample, changes }) => {
    let bytes = Buffer.from(sample);
    for (const { at: position, how, bytes: added } of changes) {
      const at = position % Math.max(1, bytes.length);
      const behind = {
        set: added.length,
        cut: added.length * 20,
        insert: 0,
        copy: 0,
        truncate: 1e9,
      };
      const middle = {
        set: added,
        cut: [],
        insert: added,
        copy: bytes.subarray(0, at),
        truncate: [],
      };
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Uint8Array.from(middle[how]),
        bytes.subarray(at + behind[how]),
      ]);
    }
    return bytes;
  });

const shuffled = fc
  .shuffledSubarray(sections, { minLength: 1 })
  .chain((some) => fc.array(section, { maxLength: 3 }).map((more) => [...some, ...more]))
  .map((parts) => Buffer.concat(parts));

/** Without garbage that nobody has collected yet. */
function usedMemory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

suite(`${inputs} inputs`, () => {
  const kinds: readonly [string, fc.Arbitrary<Uint8Array>, number][] = [
    ['arbitrary bytes', fc.uint8Array({ maxLength: 300 }), 0.15],
    [
      'sections with right checksums',
      fc.array(section, { maxLength: 6 }).map((s) => Buffer.concat(s)),
      0.2,
    ],
    ['sections of a report in any order, with others', shuffled, 0.15],
    ['real reports after accidents', mutant, 0.5],
  ];
  for (const [name, arbitrary, share] of kinds) {
    test(name, async (t) => {
      const before = usedMemory();
      const counts = { report: 0, refused: 0 };
      let done = 0;
      await fc.assert(
        fc.asyncProperty(arbitrary, async (bytes) => {
          counts[answer(bytes)] += 1;
          if (++done % inputsPerTurn === 0) await setImmediate();
        }),
        { numRuns: Math.ceil(inputs * share), seed, includeErrorInReport: true },
      );
      const grown = usedMemory() - before;
      assert.ok(grown < maxGrowthBytes, `it grew by ${grown} bytes`);
      t.diagnostic(`${counts.report} are reports, ${counts.refused} were refused`);
      assert.ok(counts.refused > 0);
    });
  }
});
