// Work of every kind in rounds whose result is known; says at the end whether each came out right. Nothing of it may
// depend on how long anything takes.
import { execFileSync } from 'node:child_process';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { gzipSync, gunzipSync } from 'node:zlib';
import { ready } from '../../zoo/ready.mjs';

const storage = new AsyncLocalStorage();
const orders = Array.from({ length: 400 }, (_, i) => ({ id: (i * 7919) % 401, name: `order ${i}` }));

function* count(n) {
  for (let i = 0; i < n; i++) yield i;
}
async function* chunks(n) {
  for (let i = 0; i < n; i++) {
    if (i % 8 === 0) await turn();
    yield `chunk ${i}`;
  }
}
function recurse(n) {
  return n < 2 ? n : recurse(n - 1) + recurse(n - 2);
}
function refuse(n) {
  if (n > 0) return refuse(n - 1);
  throw new RangeError('refused', { cause: new Error('on purpose') });
}
function ticks(n) {
  return new Promise((resolve) => {
    (function next(left) {
      if (left === 0) resolve(n);
      else process.nextTick(next, left - 1);
    })(n);
  });
}
const kinds = {
  sort: () => [...orders].sort((a, b) => a.id - b.id).map(({ name }) => name),
  json: () => JSON.parse(JSON.stringify(orders)).length,
  match: () => 'a few words and more '.repeat(50).replace(/(\w+) (\w+)/g, (_, a, b) => `${b} ${a}`),
  backtrack: () => /^(a+)+$/.test(`${'a'.repeat(16)}b`),
  generate: () => [...count(2_000)].length,
  recurse: () => recurse(16),
  allocate: () => Array.from({ length: 50 }, (_, i) => Buffer.alloc(4_096, i)).reduce((sum, b) => sum + b[7], 0),
  catch: () => {
    try {
      return refuse(20);
    } catch (error) {
      return error.cause.message;
    }
  },
  compress: () => gunzipSync(gzipSync(JSON.stringify(orders))).length,
  ticks: () => ticks(200),
  promises: async () => (await Promise.all(orders.map(async ({ id }) => (await null, id)))).length,
  stream: async () => {
    const parts = [];
    for await (const chunk of chunks(32)) parts.push(chunk);
    return parts;
  },
  context: () => storage.run({ id: 7 }, async () => (await sleep(1), storage.getStore().id)),
};

async function round() {
  const hash = createHash('sha256');
  for (const [kind, work] of Object.entries(kinds)) hash.update(`${kind} ${JSON.stringify(await work())}\n`);
  return hash.digest('hex');
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  const first = await round();
  let rounds = 0;
  let wrong = 0;
  let isStopping = false;
  process.stdin.once('data', () => (isStopping = true));
  ready();
  while (!isStopping) {
    if ((await round()) !== first) wrong++;
    // Now and then blocked in a system call.
    if (rounds++ % 50 === 0 && execFileSync('printf', ['%s', 'child']).toString() !== 'child') wrong++;
  }
  worker.postMessage('stop');
  const [inWorker] = await new Promise((resolve) => worker.once('message', (...message) => resolve(message)));
  await worker.terminate();
  console.log(JSON.stringify({ rounds, wrong, worker: inWorker }));
  process.stdin.destroy();
} else {
  const first = await round();
  let wrong = 0;
  let isStopping = false;
  parentPort.once('message', () => (isStopping = true));
  while (!isStopping) if ((await round()) !== first) wrong++;
  parentPort.postMessage({ wrong });
}
