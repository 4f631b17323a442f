/** What is said of a process that is idle while functions of it are suspended, and requests wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '#dist/diagnose/diagnose.js';
import type { Capture, Handle, Task } from '#dist/report/schema.js';
import { captureOf, idleMain } from './captures.ts';

const byPool =
  '.then(…) of a promise that cb of /srv/shop/node_modules/pg-pool/index.js may settle';

/** A suspended function of the program. */
function task(id: number, name: string, more: Partial<Task>): Task {
  const place = { file: '/srv/shop/orders.js', line: 7, column: 3 };
  return { id, function: name, ...place, locals: [], arguments: [], awaitedBy: [], ...more };
}

const asks = (call: string) => ({ asks: { call, line: 7, column: 9 } });
const atPool = [1, 2, 3].map((id) =>
  task(id, 'report', { ...asks('pool.connect'), awaits: byPool }),
);

function asked(path: string, more: Partial<NonNullable<Handle['http']>> = {}): Handle {
  return {
    type: 'tcp',
    state: 'connected',
    address: '10.0.0.1:80',
    peer: '10.0.0.7:4242',
    owner: 'Socket',
    http: { kind: 'server', method: 'GET', url: path, ...more },
  };
}

const idleSummary = (capture: Partial<Capture>): string => {
  const { kind, summary } = diagnose(
    captureOf({ main: idleMain, looks: ['epoll_wait(14n)', 'epoll_wait(14n)', 0], capture }),
  );
  assert.equal(kind, 'idle', summary);
  return summary;
};

test('functions that stand at one await are told together, with the call', () => {
  assert.match(
    idleSummary({ tasks: atPool }),
    /; 3 async functions are suspended, the innermost 3 × report at orders\.js:7 \(pool\.connect\(\), of which no suspended function is known to have any\)/,
  );
});

test('who has something of a pool is no secret', () => {
  const holder = task(4, 'save', {
    line: 9,
    awaits: 'a timer of 5 ms',
    holds: [{ call: 'pool.connect', line: 8, column: 9 }],
  });
  assert.match(
    idleSummary({ tasks: [...atPool, holder] }),
    /the innermost 3 × report at orders\.js:7 \(pool\.connect\(\)\) and save at orders\.js:9/,
  );
});

test('a client that connects is no pool', () => {
  const client = task(1, 'start', { ...asks('client.connect'), awaits: byPool });
  assert.match(idleSummary({ tasks: [client] }), /: start at orders\.js:7 waits for /);
});

test('of a chain the function at its end is told', () => {
  const chain = [
    task(1, 'handle', { awaits: 2, dependsOn: [2], line: 3 }),
    task(2, 'load', { awaits: 'a timer of 5 ms', awaitedBy: [1] }),
  ];
  assert.match(
    idleSummary({ tasks: chain }),
    /2 async functions are suspended: load at orders\.js:7 waits for a timer of 5 ms\./,
  );
});

test('where a probe has failed, a pool of which nobody has anything is the trouble', () => {
  const verdict = diagnose(
    captureOf({
      main: idleMain,
      looks: ['epoll_wait(14n)', 'epoll_wait(14n)', 0],
      capture: {
        tasks: atPool,
        handles: [{ type: 'tcp', peer: '10.0.0.7:5432', state: 'connected' }],
        trigger: { kind: 'hang', reason: 'it did not answer the probe http://127.0.0.1/health' },
      },
    }),
  );
  assert.equal(verdict.kind, 'lock-never-released', verdict.summary);
  assert.match(
    verdict.summary,
    /^3 async functions wait for something to be lent \(pool\.connect\) that is not given back: no async function that waits has it/,
  );
});

test('requests that are not answered are told, others are not', () => {
  const handles = [
    ...['/a', '/b', '/b', '/c'].map((path) => asked(path)),
    asked('/stream', { status: 200 }),
    asked('/sent', { isAnswered: true }),
    asked('http://10.0.0.8/orders', { kind: 'client' }),
  ];
  assert.match(
    idleSummary({ handles }),
    /; 4 requests are not answered: GET \/a, GET \/b and 1 more\.$/,
  );
  const unknown: Handle = { type: 'tcp', state: 'connected', peer: '10.0.0.7:4243' };
  assert.match(
    idleSummary({ handles: [asked('/a'), unknown] }),
    /; at least 1 request is not answered: GET \/a\.$/,
  );
});
