/**
 * A heap that is corrupt in any way gives evidence, in time, and never an exception: frames, values, C++ and WebAssembly.
 * SLEEPER_TEST_FAULTS sets how many corruptions are tried of each program.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { Frame } from '#dist/report/schema.js';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { livePlaces } from '#dist/reader/memory/symbol-file.js';
import { PagedMemory } from '#dist/reader/memory/paged.js';
import { NativeModules } from '#dist/reader/native-frames/native-module.js';
import { readThreads } from '#dist/reader/read-threads.js';
import { Target } from '#dist/reader/target.js';
import { FaultyMemory } from '../harness/faulty-memory.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { faultOn } from '../harness/random-faults.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { program } from './reading.ts';

const runs = Number(process.env['SLEEPER_TEST_FAULTS'] ?? 6);
/** A reading of a corrupt process may take as long as its limits of depth and breadth allow. */
const readingMs = 10_000;
const programs = [
  { file: 'values.mjs', args: [] },
  { file: 'frames.cjs', args: [] },
  { file: 'wasm.cjs', args: ['wait'] },
];

for (const node of nodeNames)
  for (const { file, args } of programs)
    test(`${file} on Node.js ${node}, corrupted in ${runs} ways`, async (t) => {
      const { pid } = await spawnProgram(t, program(file), { node, args });
      const target = new Target(pid);
      const mappings = target.readMappings();
      const { threads } = takeLook(
        pid,
        { tids: [pid], mappings, pages: [], holdWhileDecoding: false },
        (look) => look,
      ).result;
      const readWith = (memory: PagedMemory) =>
        readThreads({ target, memory, mappings, endsAtMs: performance.now() + 2_000 }, threads);
      const whole = new PagedMemory(new LiveMemory(pid));
      const expected = readWith(whole)[0]?.frames.length ?? 0;
      assert.ok(expected > 5, 'the stack is read when nothing is wrong');
      const pages = [...whole.usedPages];

      let visited = 0;
      let planned = 0;
      fc.assert(
        fc.property(fc.array(faultOn(pages), { minLength: 1, maxLength: 12 }), (faults) => {
          const memory = new FaultyMemory(new LiveMemory(pid), faults);
          target.nativeModules = new NativeModules(memory, livePlaces(pid));
          const startedAtMs = performance.now();
          const readings = readWith(new PagedMemory(memory));
          const tookMs = performance.now() - startedAtMs;
          assert.ok(tookMs < readingMs, `took ${tookMs.toFixed(0)} ms`);
          assert.ok(readings.length <= 1);
          for (const { frames } of readings) v.parse(v.array(Frame), frames);
          visited += memory.visited.size;
          planned += faults.length;
        }),
        { numRuns: runs, seed: 20_261_124 + Number(node) },
      );
      // Not all: one fault can keep the reading from the place of the next.
      assert.ok(visited > planned / 4, `${visited} of ${planned} planned faults were met`);
    });
