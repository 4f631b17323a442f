/**
 * Stacks at random moments of mixed work: every one whole, and with the functions that the program itself says it is in, in
 * their order. 10,000 of each version: SLEEPER_TEST_STACKS=10000.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLook } from '#dist/reader/memory/look.js';
import { readThreads } from '#dist/reader/read-threads.js';
import type { ThreadReading } from '#dist/reader/reading.js';
import { Target } from '#dist/reader/target.js';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { file, names, toldBy } from './mixed.ts';
import { mainThread, read } from './reading.ts';

const stacks = Number(process.env['SLEEPER_TEST_STACKS'] ?? 40);
/** So often as a dump does it, else by a single look. */
const wholeEvery = 10;
function seenIn({ frames }: ThreadReading): string[] {
  return frames
    .filter((frame) => frame.file === file && names.includes(frame.function))
    .map((frame) => frame.function)
    .reverse();
}

/** The program says so right after it has entered a function, and right before it leaves it. */
function assertSame(told: readonly string[], seen: readonly string[], message: string): void {
  const length = Math.min(told.length, seen.length);
  assert.ok(Math.abs(told.length - seen.length) <= 1, message);
  assert.deepEqual(seen.slice(0, length), told.slice(0, length), message);
}

interface Seen {
  readonly thread: ThreadReading;
  readonly isOneMoment: boolean;
}

/** As a dump does it: several looks, until all is of one moment. */
async function readWhole(pid: number): Promise<Seen> {
  const reading = await read(pid);
  const thread = mainThread(reading, pid);
  const isTorn = reading.missing.some(({ what }) => what.startsWith('one consistent moment'));
  const isLater = thread.note?.includes('some milliseconds later') === true;
  return { thread, isOneMoment: !isTorn && !isLater };
}

/** A single look, decoded while the process stands still: many times as quick. */
function readHeld(target: Target): Seen {
  const { pid } = target;
  const mappings = target.readMappings();
  const patientUntilMs = performance.now() + 5_000;
  const wishes = { tids: [pid], mappings, pages: [], holdWhileDecoding: true, patientUntilMs };
  const { result, isConsistent } = takeLook(pid, wishes, ({ memory, threads }) =>
    readThreads({ target, memory, mappings, endsAtMs: performance.now() + 300 }, threads),
  );
  const [thread] = result;
  assert.ok(thread, 'the thread could be stopped');
  return { thread, isOneMoment: isConsistent };
}

for (const node of nodeNames)
  test(`${stacks} stacks of Node.js ${node} at random moments`, async (t) => {
    const { pid } = await spawnProgram(t, file, { node });
    const target = new Target(pid);
    const innermost = new Map<string, number>();
    let compared = 0;
    let rebuilding = 0;
    for (let i = 0; i < stacks; i++) {
      const { thread, isOneMoment } =
        i % wholeEvery === 0 ? await readWhole(pid) : readHeld(target);
      const text = `stack ${i}: ${thread.note} ${thread.frames.map((f) => f.function).join(' < ')}`;
      // For some microseconds of a deoptimisation there is no way down, and the note says so.
      if (/just rebuilding its frames/.test(thread.note ?? '')) {
        rebuilding++;
        continue;
      }
      assert.doesNotMatch(thread.note ?? '', /could not be read/, text);
      const seen = seenIn(thread);
      const told = toldBy(thread);
      assert.ok(
        thread.frames.some((frame) => frame.function === '(top level)' && frame.file === file),
        text,
      );
      if (told !== null && isOneMoment) {
        assertSame(told, seen, `${text}, told: ${told.join(' > ')}`);
        compared++;
      }
      innermost.set(seen.at(-1) ?? '', (innermost.get(seen.at(-1) ?? '') ?? 0) + 1);
      await delay((i * 3.7) % 11); // another moment each time, not a wait for anything
    }
    const kinds = [...innermost].map(([name, count]) => `${name} ${count}`).join(', ');
    t.diagnostic(`${compared} compared, ${rebuilding} while frames were rebuilt; in ${kinds}`);
    assert.ok(innermost.size >= 3, `several kinds of work were seen: ${kinds}`);
    assert.ok(compared > stacks * 0.8, `${compared} of ${stacks} could be compared`);
  });
