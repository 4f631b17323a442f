/** A heap of about so many megabytes, with tasks that wait for a lock, a timer and an event. */
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import { setTimeout } from 'node:timers';

const wantedBytes = Number(process.argv[2]) * 1e6;
const waiters = [];
const emitter = new EventEmitter();

async function lock(id) {
  const request = { id };
  await new Promise((resolve) => waiters.push(resolve));
  return request;
}
async function serve(id) {
  // Not `return lock(id)`: such a function is over and waits for nothing.
  const held = await lock(id);
  return held.id;
}
async function pause() {
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
}
async function listen() {
  await once(emitter, 'never');
}

const orders = [];
while (process.memoryUsage().heapUsed < wantedBytes)
  for (let i = 0; i < 20_000; i++) {
    const order = {
      id: orders.length,
      name: `order ${orders.length}`,
      lines: [1, 2, { price: i / 3 }],
    };
    orders.push(order, () => order.name);
  }
const settled = Array.from({ length: 100_000 }, (_, i) => Promise.resolve(i));
const served = Array.from({ length: 1_000 }, (_, i) => serve(i));
const others = [pause(), listen()];
globalThis.keep = { orders, settled, served, others, waiters, emitter };
setTimeout(() => fs.writeSync(1, `ready ${process.memoryUsage().rss}\n`), 1_000);
