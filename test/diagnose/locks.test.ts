/** Locks, pools and queues whose holders wait for themselves, and what only looks like it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '#dist/diagnose/diagnose.js';
import type { Capture, Task, Timer, Verdict } from '#dist/report/schema.js';
import { captureOf, idleMain } from './captures.ts';

const queued = 'a promise whose resolve function is kept in an array';
const nothing = 'a promise that nothing was found to settle';
const byTarn =
  '.then(…) of a promise that a function of /srv/shop/node_modules/tarn/dist/PendingOperation.js may settle';

interface Standing extends Omit<Partial<Task>, 'asks' | 'holds'> {
  /** The call that it awaits. */
  readonly asks?: string;
  /** True: that is given a function. */
  readonly scoped?: boolean;
  readonly holds?: string;
}

/** A suspended function of the program. */
function task(id: number, name: string, { asks, scoped, holds, ...more }: Standing): Task {
  return {
    id,
    function: name,
    file: '/srv/shop/orders.js',
    line: id,
    column: 3,
    locals: [],
    arguments: [],
    awaitedBy: [],
    ...(asks !== undefined && {
      asks: { call: asks, line: id, column: 9, ...(scoped && { scoped }) },
    }),
    ...(holds !== undefined && { holds: [{ call: holds, line: 1, column: 9 }] }),
    ...more,
  };
}

/** A function that has one connection, and calls another that asks for one. */
const holding = [
  task(1, 'save', { holds: 'pool.acquire', asks: 'audit', awaits: 2, dependsOn: [2] }),
  task(2, 'audit', { asks: 'pool.acquire', awaits: byTarn, awaitedBy: [1] }),
];
const waiting = task(3, 'save', { asks: 'pool.acquire', awaits: byTarn });
const byQueue = 'a promise that run of /srv/shop/node_modules/p-queue/dist/index.js may settle';
/** A job of a queue, which waits for `job`. */
const runs = (id: number, job: number): Task =>
  task(id, 'run', {
    asks: 'job',
    file: '/srv/shop/node_modules/p-queue/dist/index.js',
    awaits: job,
    dependsOn: [job],
  });
const nested = (id: number, run: number): Task =>
  task(id, 'outer', { asks: 'queue.add', awaits: byQueue, awaitedBy: [run] });

const cases: readonly {
  readonly name: string;
  readonly tasks: readonly Task[];
  readonly capture?: Partial<Capture>;
  /** Default: `lock-never-released`. */
  readonly kind?: Verdict['kind'];
  readonly says: RegExp | null;
}[] = [
  {
    name: 'all who have a connection ask for another',
    tasks: [...holding, waiting],
    says: /^2 async functions wait in pool\.acquire\(\), .* again: task 1, save at orders\.js:1\.$/,
  },
  {
    name: 'the same, and connections are open',
    tasks: [...holding, waiting],
    capture: { handles: [{ type: 'tcp', peer: '10.0.0.7:5432', state: 'connected' }] },
    says: /pool\.acquire/,
  },
  {
    name: 'one who has a connection is at work with it',
    tasks: [
      ...holding,
      waiting,
      task(4, 'save', { holds: 'pool.acquire', asks: 'delay', awaits: 'a timer of 5 ms' }),
    ],
    says: null,
  },
  {
    name: 'others wait behind it in the functions of the lock',
    tasks: [...holding, waiting, task(4, 'handle', { asks: 'save', awaits: byTarn })],
    capture: { timers: [] },
    says: /^2 async functions wait in pool\.acquire\(\)/,
  },
  {
    name: 'who waits for a lock with a deadline will go on',
    tasks: [
      task(1, 'save', {
        asks: 'lock.acquire',
        awaits: `Promise.race: all 2 members pend; among them ${queued} and a timer of 5 ms`,
      }),
    ],
    capture: { timers: [] },
    says: null,
  },
  {
    name: 'others wait behind it, and a timer may call such a function',
    tasks: [...holding, waiting, task(4, 'handle', { asks: 'save', awaits: byTarn })],
    says: null,
  },
  {
    name: 'some other function may have a connection, and waits for an answer',
    tasks: [...holding, waiting, task(4, 'report', { asks: 'query', awaits: queued })],
    capture: { handles: [{ type: 'tcp', peer: '10.0.0.7:5432', state: 'connected' }] },
    says: null,
  },
  {
    name: 'a function of a package that asks on behalf of the program',
    tasks: [
      task(1, 'save', { holds: 'knex.transaction', asks: 'audit', awaits: 2, dependsOn: [2] }),
      task(2, 'audit', {
        asks: 'knex().insert',
        awaits: 5,
        dependsOn: [5],
        awaitedBy: [1],
      }),
      task(3, 'save', { asks: 'knex.transaction', awaits: 4, dependsOn: [4] }),
      ...[4, 5].map((id) =>
        task(id, 'Client.acquireConnection', {
          file: '/srv/shop/node_modules/knex/lib/client.js',
          awaits: byTarn,
          awaitedBy: [id === 4 ? 3 : 2],
        }),
      ),
    ],
    says: /^2 async functions wait in Client\.acquireConnection\(\), .* again: task 1, save/,
  },
  {
    name: 'a lock asked for inside of itself',
    tasks: [
      task(1, 'inner', {
        holds: 'lock.runExclusive',
        asks: 'lock.runExclusive',
        scoped: true,
        awaits: queued,
      }),
    ],
    says: /^1 async function waits in lock\.runExclusive\(\)/,
  },
  {
    name: 'two locks taken in opposite order',
    tasks: [1, 2].map((id) =>
      task(id, 'transfer', { holds: 'locks[].acquire', asks: 'locks[].acquire', awaits: queued }),
    ),
    says: /^2 async functions wait in locks\[\]\.acquire\(\), .* again: task 1, transfer .*; task 2/,
  },
  {
    name: 'a lock whose holder waits for what will not come',
    tasks: [
      task(1, 'save', { holds: 'this.lock.acquire', asks: 'reply', awaits: nothing }),
      task(2, 'load', { asks: 'this.lock.acquire', awaits: queued }),
    ],
    says: /^1 async function waits for a lock \(this\.lock\.acquire\) .*: it was taken at orders\.js:1 by task 1, save at/,
  },
  {
    name: 'the same, of which one cannot tell whether it is the same lock',
    tasks: [
      task(1, 'save', { holds: 'order.lock.acquire', asks: 'reply', awaits: nothing }),
      task(2, 'load', { asks: 'this.lock.acquire', awaits: queued }),
    ],
    says: /: it may have been taken at orders\.js:1 by task 1, save at/,
  },
  {
    name: 'a lock that is asked for, by nobody who has one',
    tasks: [task(1, 'read', { asks: 'lock.acquire', awaits: queued })],
    says: null,
  },
  {
    name: 'queries one behind the other, each on a connection of its own',
    tasks: [
      task(1, 'load', { asks: 'pool.query', awaits: byTarn }),
      task(2, 'load', { asks: 'pool.query', awaits: byTarn }),
    ],
    says: null,
  },
  {
    name: 'transactions one behind the other, which end themselves',
    tasks: [
      task(1, 'move', { asks: 'pool.transaction', scoped: true, awaits: byTarn }),
      task(2, 'move', { asks: 'pool.transaction', scoped: true, awaits: byTarn }),
    ],
    says: null,
  },
  {
    name: 'what is no lock',
    tasks: [task(1, 'sync', { asks: 'chain.getBlock', awaits: queued })],
    says: null,
  },
  {
    name: 'another function may have a connection, and waits in a package',
    tasks: [
      ...[...holding, waiting],
      task(4, 'report', { asks: 'client.query', awaits: 5, dependsOn: [5] }),
      task(5, 'query', {
        file: '/srv/shop/node_modules/pg/lib/client.js',
        awaits: 'the event "data" of Socket {fd 21}',
        awaitedBy: [4],
      }),
    ],
    says: null,
  },
  {
    name: 'a job that waits for another of its queue, which has room for one',
    tasks: [task(1, 'main', { asks: 'queue.add', awaits: byQueue }), runs(2, 3), nested(3, 2)],
    kind: 'async-deadlock',
    says: /^Jobs wait .* behind them: outer at orders\.js:3 waits for what run of p-queue\/dist\/index\.js/,
  },
  {
    name: 'the same, one of several members',
    tasks: [
      runs(2, 3),
      task(3, 'outer', {
        asks: 'Promise.all',
        awaits: `Promise.all: 3 of 3 members pend; each of them ${byQueue}`,
        awaitedBy: [2],
      }),
    ],
    kind: 'async-deadlock',
    says: /outer at orders\.js:3 waits/,
  },
  {
    name: 'a job that waits for another of its queue, which is at work',
    tasks: [
      ...[runs(2, 3), nested(3, 2), runs(4, 5)],
      task(5, 'inner', { asks: 'delay', awaits: 'a timer of 5 ms', awaitedBy: [4] }),
    ],
    says: null,
  },
  {
    name: 'readers of a stream, one behind the other',
    tasks: [
      task(1, 'read', { asks: 'stream.next', awaits: queued }),
      task(2, 'read', { asks: 'stream.next', awaits: queued }),
    ],
    says: null,
  },
];

const sweep: Timer = {
  ...{ kind: 'interval', count: 1, delayMs: 60_000, repeat: true },
  ...{ function: 'sweep', file: '/srv/shop/cache.js' },
};

for (const { name, tasks, capture, kind: expected = 'lock-never-released', says } of cases) {
  test(`locks: ${name}: ${says === null ? 'nothing' : 'told'}`, () => {
    const { kind, summary } = diagnose(
      captureOf({
        main: idleMain,
        looks: ['epoll_wait(14n)', 'epoll_wait(14n)', 0],
        capture: { timers: [sweep], ...capture, tasks: [...tasks] },
      }),
    );
    if (says === null) assert.equal(kind, 'idle', summary);
    else {
      assert.equal(kind, expected, summary);
      assert.match(summary, says);
    }
  });
}
