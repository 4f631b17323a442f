/** Rules that need a whole look share one capture process: each has its turn, and what is to be captured goes first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CaptureJob } from '#dist/watch/capture-queue.js';
import { DeepLooks } from '#dist/watch/deep-looks.js';
import type { Teller } from '#dist/watch/events.js';
import type { Rule } from '#dist/watch/settings.js';
import type { WatchedProcess } from '#dist/watch/watched-process.js';

const everyMs = 500;

function rule(kind: 'tasks-waiting' | 'requests-older'): Rule {
  const when = { kind, forMs: 3_000, everyMs };
  return { name: kind, when, only: {}, limit: { coolDownMs: 0, perHour: 1 }, then: [] };
}

function watched(pid: number): WatchedProcess {
  const rules = [rule('requests-older'), rule('tasks-waiting')];
  const subject = { identity: { pid, startTicks: 1 } };
  return { pid, rules, subject, hasEnded: false } as unknown as WatchedProcess;
}

/** One job at a time, as with one capture process. */
function makeQueue() {
  const open: CaptureJob[] = [];
  const begun: string[] = [];
  return {
    open,
    begun,
    get length() {
      return open.length;
    },
    submit: (job: CaptureJob) => {
      open.push(job);
      begun.push(`${String(job.order.pid)} ${String(job.order.look?.kind)}`);
      return true;
    },
    finish: () => open.shift()?.done({ kind: 'looked', reason: null }, 1),
  };
}

function makeLooks(queue: ReturnType<typeof makeQueue>): DeepLooks {
  const found = () => assert.fail('nothing was found');
  const teller = {} as Teller;
  return new DeepLooks({ queue, archive: '/nowhere', deadlineMs: 1_000, teller, found });
}

test('each rule of each process has its turn, however often the first one is due', () => {
  const queue = makeQueue();
  const looks = makeLooks(queue);
  const processes = [watched(101), watched(102)];
  // A second goes by between two turns: whoever is asked first is due every time.
  for (let nowMs = 0; nowMs < 4_000; nowMs += 1_000) {
    for (const process of processes) looks.turn(process, nowMs);
    queue.finish();
    queue.finish();
  }
  assert.deepEqual(queue.begun.slice(0, 5), [
    '101 requests-older',
    '101 tasks-waiting',
    '102 requests-older',
    '102 tasks-waiting',
    '101 requests-older',
  ]);
  assert.equal(queue.open.length, 1, 'one at a time');
});

test('no look begins while something is to be captured', () => {
  const queue = makeQueue();
  const looks = makeLooks(queue);
  const trouble = { done: () => undefined } as unknown as CaptureJob;
  queue.open.push(trouble);
  looks.turn(watched(101), 0);
  assert.deepEqual(queue.begun, []);
  queue.open.shift();
  looks.turn(watched(101), 100);
  assert.deepEqual(queue.begun, ['101 requests-older']);
});
