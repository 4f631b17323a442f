/**
 * A heap that is corrupt in any way gives evidence, in time, and never an exception: the search for suspended functions, the
 * event loop, and a core with WebAssembly. SLEEPER_TEST_FAULTS sets how many corruptions are tried of each.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { Frame, Handle, Task, Timer } from '#dist/report/schema.js';
import { liveSubject, prepareActivity, readActivity } from '#dist/reader/loop/activity.js';
import { CoreMemory } from '#dist/reader/memory/core.js';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { PagedMemory } from '#dist/reader/memory/paged.js';
import type { MemorySource } from '#dist/reader/memory/source.js';
import { readThreads } from '#dist/reader/read-threads.js';
import { Target } from '#dist/reader/target.js';
import { findIsolates } from '#dist/reader/tasks/isolates.js';
import { readTasks } from '#dist/reader/tasks/read-tasks.js';
import { withCore } from '../core/cores.ts';
import { FaultyMemory } from '../harness/faulty-memory.ts';
import { faultOn, RecordingMemory } from '../harness/random-faults.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { program } from './reading.ts';

const runs = Number(process.env['SLEEPER_TEST_FAULTS'] ?? 5);
const coreNodes: ReadonlySet<string> = new Set(['18', '22', '26']);
/** Time the reader is given, and how much later it may be on a machine with other things to do. */
const givenMs = 2_000;
const laterMs = 10_000;

/** @param readFrom throws when what was read does not have the shape it is said to have; gives how much was read */
function assertBears(source: MemorySource, seed: number, readFrom: (s: MemorySource) => number) {
  // What the first reading of a binary searches for, later ones know.
  readFrom(source);
  const recorder = new RecordingMemory(source);
  assert.ok(readFrom(recorder) > 0, 'there is something when nothing is wrong');
  const pages = [...recorder.pages];
  let visited = 0;
  fc.assert(
    fc.property(fc.array(faultOn(pages), { minLength: 1, maxLength: 12 }), (faults) => {
      const memory = new FaultyMemory(source, faults);
      const startedAtMs = performance.now();
      readFrom(memory);
      const tookMs = performance.now() - startedAtMs;
      assert.ok(tookMs < givenMs + laterMs, `took ${tookMs.toFixed(0)} ms`);
      visited += memory.visited.size;
    }),
    { numRuns: runs, seed },
  );
  assert.ok(visited >= runs, `${visited} planned faults were met`);
}

for (const node of nodeNames) {
  test(`tasks and event loop of Node.js ${node}, corrupted in ${runs} ways each`, async (t) => {
    const { pid } = await spawnProgram(t, program('waiting-server.cjs'), { node });
    const target = new Target(pid);
    const mappings = target.readMappings();
    const wishes = { tids: [pid], mappings, pages: [], holdWhileDecoding: false };
    const { threads } = takeLook(pid, wishes, (look) => look).result;
    const pointers = threads.map(({ tid, registers: { fsBase } }) => ({ tid, fsBase }));
    const live = new LiveMemory(pid);
    const isolates = findIsolates(target, live, mappings, pointers);
    assert.equal(isolates.length, 1);

    assertBears(live, 20_261_125 + Number(node), (source) => {
      const endsAtMs = performance.now() + givenMs;
      const plan = { target, source, mayStop: false, mappings, isolates, endsAtMs };
      const { tasks } = readTasks(plan, []);
      v.parse(v.array(Task), tasks);
      return tasks.length;
    });

    assertBears(live, 20_261_126 + Number(node), (source) => {
      const readAgain = () => new PagedMemory(source);
      const subject = { ...liveSubject(target, mappings, true), readAgain };
      const moment = {
        memory: readAgain(),
        threads: threads.map(({ tid, registers: { rsp, fsBase } }) => ({ tid, rsp, fsBase })),
      };
      const prepared = prepareActivity(subject, moment, []);
      const endsAtMs = performance.now() + givenMs;
      const { activity } = readActivity(subject, prepared, moment, endsAtMs);
      v.parse(v.array(Handle), activity.handles);
      v.parse(v.array(Timer), activity.timers);
      return activity.handles.length;
    });
  });

  // Each writes a core; what differs by version is read from the live process as well (faults.test.ts).
  if (!coreNodes.has(node)) continue;
  test(`a core with WebAssembly of Node.js ${node}, corrupted in ${runs} ways`, async (t) => {
    const { pid } = await spawnProgram(t, program('wasm.cjs'), { node, args: ['wait'] });
    await withCore(pid, (file) => {
      const core = new CoreMemory(file, { endsAtMs: performance.now() + 60_000 });
      try {
        const threads = core.notes.threads.map(({ tid, registers }) => ({ tid, registers }));
        assertBears(core, 20_261_127 + Number(node), (source) => {
          const scene = {
            target: new Target(pid),
            memory: new PagedMemory(source),
            mappings: core.mappings,
            endsAtMs: performance.now() + givenMs,
          };
          const frames = readThreads(scene, threads).flatMap((thread) => thread.frames);
          v.parse(v.array(Frame), frames);
          return frames.filter(({ kind }) => kind === 'wasm').length;
        });
      } finally {
        core.close();
      }
    });
  });
}
