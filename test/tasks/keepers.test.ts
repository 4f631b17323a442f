/** Who may settle a promise, wherever the program keeps its resolve function: as told, and never as nobody. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/keepers.cjs');
const keptIn = (where: string): string => `a promise whose resolve function is kept in ${where}`;
const nobody = 'a promise that nothing was found to settle; it is kept in';

/** By marker. */
const expected: Readonly<Record<string, string>> = {
  '@map': keptIn('a Map, as 17 (kept.map)'),
  '@map-text': keptIn('a Map, as "order-7" (kept.map)'),
  '@map-object': keptIn('a Map (kept.map)'),
  '@map-large': keptIn('a Map, as "last" (kept.many)'),
  '@map-key': keptIn('a Map, as a key (kept.keys)'),
  '@set': keptIn('a Set (kept.set)'),
  '@weak-map': keptIn('a WeakMap (kept.weak)'),
  '@dictionary': keptIn('an object, as req-7 (kept.shapeless)'),
  '@deleted': keptIn('an object, as go (kept.deleted)'),
  '@indexed': keptIn('an object, as 7 (kept.indexed)'),
  '@sparse': keptIn('an array (kept.sparse)'),
  '@sparse-object': keptIn('an object, as 5000000 (kept.indexed)'),
  '@accessor': keptIn('an accessor'),
  '@function': keptIn('a property of a function'),
  '@bound': keptIn('a function that is bound to it (kept.bound)'),
  '@global': keptIn('the global variable pendingResolve'),
  '@global-promise': `${nobody} the global variable pendingPromise`,
  '@property': keptIn('an object, as go (kept.object)'),
  '@reject': 'a promise whose reject function is kept in an object, as fail',
  '@pair': keptIn('an object, as resolve (kept.pair)'),
  '@on': 'the event "ready" of EventEmitter',
  '@on-several': 'the event "ready" of EventEmitter',
  '@on-stream': 'the event "close" of PassThrough',
  '@on-signal': 'the event "SIGUSR2" of process',
  '@on-change': 'the event "change" of FSWatcher',
  '@on-target': 'the event "go" of an EventTarget',
  '@on-port': 'the event "message" of an EventTarget',
  '@closure-on': 'the event "ready" of EventEmitter',
  '@closure-several': 'the event "ready" of EventEmitter',
  '@closure-once': 'the event "ready" of EventEmitter',
  '@closure-target': 'the event "abort" of an EventTarget',
  '@race': `Promise.race: all 3 members pend; among them ${keptIn('a Map, as "raced" (kept.map)')} and a timer of 345678 ms`,
  '@job': keptIn('an object of EmailJob, as finish'),
  '@request': `${nobody} an object of ApiReq, as answer`,
  '@timeout': keptIn('an object of Timeout, as fire'),
};

for (const node of nodeNames)
  for (const nodeFlags of [[], ['--expose-gc', '--stress-compaction']])
    test(`what keeps a resolve function on Node.js ${node} ${nodeFlags.join(' ')}`, async (t) => {
      const fifo = path.join(makeDirectory(t, 'fifo'), 'never.fifo');
      execFileSync('mkfifo', [fifo]);
      const { pid } = await spawnProgram(t, program, { node, nodeFlags, args: [fifo] });
      const { tasks, missing } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
      assert.deepEqual(missing, []);
      const markers = readMarkers(program);
      const told = Object.fromEntries(
        Object.keys(expected).map((marker) => {
          const [line] = markers.get(marker) ?? [];
          const task = tasks.find((one) => one.line === line && one.file === program);
          return [marker, `${task?.awaits}${task?.liveness === 'unsure' ? ' (unsure)' : ''}`];
        }),
      );
      assert.deepEqual(told, expected);
      const ofNode = tasks
        .map(({ awaits }) => awaits)
        .filter((awaits) => /Node's own/.test(`${awaits}`));
      // That of open(), and that of the function that awaits it.
      assert.deepEqual(new Set(ofNode), new Set([`a request of Node's own (fs open: ${fifo})`]));
    });
