/** Locks, pools and queues whose holders wait for themselves, and what only looks like it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '#dist/diagnose/diagnose.js';
import type { Capture, Task, Timer, Verdict } from '#dist/report/schema.js';
import { captureOf, idleMain } from './captures.ts';

const queued = 'a promise whose resolve function is kept in an array';
const byTarn =
  '.then(…) of a promise that a function of /srv/shop/node_modules/tarn/dist/PendingOperation.js may settle';

/** A function suspended at the `await` in the last of the lines. */
function task(id: number, name: string, text: string, more: Partial<Task> = {}): Task {
  const lines = text.split('\n');
  const line = lines.at(-1) ?? '';
  return {
    id,
    function: name,
    file: '/srv/shop/orders.js',
    line: lines.length,
    column: line.lastIndexOf('await') + 1,
    locals: [],
    arguments: [],
    awaitedBy: [],
    source: { line, before: lines.slice(-3, -1), after: [] },
    ...more,
  };
}

/** A function that has one connection, and calls another that asks for one. */
const holding = [
  task(1, 'save', '\n\n  await audit(conn);', { awaits: 2, dependsOn: [2] }),
  task(2, 'audit', '\n  const conn = await pool.acquire()', { awaits: byTarn, awaitedBy: [1] }),
];
const waiting = task(3, 'save', '\n  const conn = await pool.acquire();', { awaits: byTarn });
const inTransaction = 'await lock.runExclusive(async () => {\n  await lock.runExclusive(inner);';
const inOrder = 'const a = await locks[from].acquire();\nconst b = await locks[to].acquire();';
const byQueue = 'a promise that run of /srv/shop/node_modules/p-queue/dist/index.js may settle';
/** A job of a queue, which waits for `job`. */
const runs = (id: number, job: number): Task =>
  task(id, 'run', 'resolve(await job());', {
    file: '/srv/shop/node_modules/p-queue/dist/index.js',
    awaits: job,
    dependsOn: [job],
  });
const nested = (id: number, run: number): Task =>
  task(id, 'outer', 'await queue.add(inner);', { awaits: byQueue, awaitedBy: [run] });

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
    says: /^2 async functions wait in pool\.acquire\(\), .* again: task 1, save at orders\.js:3\.$/,
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
      task(4, 'save', '\n\n\n  await delay();', { awaits: 'a timer of 5 ms' }),
    ],
    says: null,
  },
  {
    name: 'some other function may have a connection, and waits for an answer',
    tasks: [...holding, waiting, task(4, 'report', 'await query(conn)', { awaits: queued })],
    capture: { handles: [{ type: 'tcp', peer: '10.0.0.7:5432', state: 'connected' }] },
    says: null,
  },
  {
    name: 'a function of a package that asks on behalf of the program',
    tasks: [
      task(1, 'save', '\n\n  await audit(conn);', { awaits: 2, dependsOn: [2] }),
      task(2, 'audit', "await knex('audit').insert(row);", {
        awaits: 5,
        dependsOn: [5],
        awaitedBy: [1],
      }),
      task(3, 'save', 'const trx = await knex.transaction();', { awaits: 4, dependsOn: [4] }),
      ...[4, 5].map((id) =>
        task(id, 'Client.acquireConnection', '', {
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
    tasks: [task(1, 'inner', inTransaction, { awaits: queued })],
    says: /^1 async function waits in lock\.runExclusive\(\)/,
  },
  {
    name: 'two locks taken in opposite order',
    tasks: [1, 2].map((id) => task(id, 'transfer', inOrder, { awaits: queued })),
    says: /^2 async functions wait in locks\[\]\.acquire\(\), .* again: task 1, transfer .*; task 2/,
  },
  {
    name: 'a lock taken again after it was given back',
    tasks: [
      task(1, 'read', 'await lock.acquire();\nlock.release();\nawait lock.acquire();', {
        awaits: queued,
      }),
    ],
    says: null,
  },
  {
    name: 'a lock of another function above it',
    tasks: [
      task(
        1,
        'second',
        'async function first() { await lock.acquire(); work(); }\nasync function second() { await lock.acquire();',
        { awaits: queued },
      ),
    ],
    says: null,
  },
  {
    name: 'queries one behind the other, each on a connection of its own',
    tasks: [
      task(1, 'load', 'const a = await pool.query(x);\nconst b = await pool.query(y);', {
        awaits: byTarn,
      }),
      task(2, 'load', 'const a = await pool.query(x);', { awaits: byTarn }),
    ],
    says: null,
  },
  {
    name: 'transactions one behind the other, which end themselves',
    tasks: [
      task(
        1,
        'move',
        'await pool.transaction(async (trx) => { await trx.take(); });\nawait pool.transaction(async (trx) => {',
        { awaits: byTarn },
      ),
      task(2, 'move', 'await pool.transaction(async (trx) => {', { awaits: byTarn }),
    ],
    says: null,
  },
  {
    name: 'what is no lock',
    tasks: [
      task(1, 'sync', 'const a = await chain.getBlock(1);\nconst b = await chain.getBlock(2);', {
        awaits: queued,
      }),
    ],
    says: null,
  },
  {
    name: 'another function may have a connection, and waits in a package',
    tasks: [
      ...[...holding, waiting],
      task(4, 'report', 'await client.query(text);', { awaits: 5, dependsOn: [5] }),
      task(5, 'query', '', {
        file: '/srv/shop/node_modules/pg/lib/client.js',
        awaits: 'the event "data" of Socket {fd 21}',
        awaitedBy: [4],
      }),
    ],
    says: null,
  },
  {
    name: 'a job that waits for another of its queue, which has room for one',
    tasks: [
      task(1, 'main', 'await queue.add(outer);', { awaits: byQueue }),
      runs(2, 3),
      nested(3, 2),
    ],
    kind: 'async-deadlock',
    says: /^Jobs wait .* behind them: outer at orders\.js:1 waits for what run of p-queue\/dist\/index\.js/,
  },
  {
    name: 'the same, one of several members',
    tasks: [
      runs(2, 3),
      task(3, 'outer', 'await Promise.all(all);', {
        awaits: `Promise.all: 3 of 3 members pend; each of them ${byQueue}`,
        awaitedBy: [2],
      }),
    ],
    kind: 'async-deadlock',
    says: /outer at orders\.js:1 waits/,
  },
  {
    name: 'a job that waits for another of its queue, which is at work',
    tasks: [
      ...[runs(2, 3), nested(3, 2), runs(4, 5)],
      task(5, 'inner', 'await delay();', { awaits: 'a timer of 5 ms', awaitedBy: [4] }),
    ],
    says: null,
  },
  {
    name: 'readers of a stream, one behind the other',
    tasks: [
      task(1, 'read', '\n  const head = await stream.next();', { awaits: queued }),
      task(2, 'read', '\n\n  const body = await stream.next();', { awaits: queued }),
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
