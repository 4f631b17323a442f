// Every way of waiting, each in a function of its own. Lines that a test looks for carry a marker.
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, isMainThread, threadId } from 'node:worker_threads';

const never = new Promise(() => {});
const emitter = new EventEmitter();

async function level3(order, factor) {
  const total = order.price * factor;
  let label = `${order.id}/${factor}`;
  await never; // @level3
  return label + total;
}

async function level2(order) {
  const quantity = 7;
  return 1 + (await level3(order, quantity)); // @level2
}

async function level1(id) {
  const order = { id, price: 2.5 };
  const answer = await level2(order); // @level1
  return { id, answer };
}

async function all() {
  await Promise.all([leaf('all'), Promise.resolve(1), never, 4]); // @all
}

async function race() {
  await Promise.race([leaf('race'), never]); // @race
}

async function any() {
  await Promise.any([leaf('any'), Promise.reject(new Error('no')), never]); // @any
}

async function allSettled() {
  await Promise.allSettled([leaf('allSettled'), Promise.reject(new Error('no'))]); // @allSettled
}

async function leaf(of) {
  await never; // @leaf
  return of;
}

async function sleeps() {
  const pause = 123_456;
  await sleep(pause); // @sleeps
}

async function timer() {
  await new Promise((resolve) => setTimeout(resolve, 234_567)); // @timer
}

async function event(name) {
  await once(emitter, name); // @event
}

async function socket(port) {
  const stream = connect(port, '127.0.0.1');
  await once(stream, 'data'); // @socket
}

async function answers(request) {
  await new Promise((resolve) => request.once('answer', resolve)); // @listener
}

class Slow extends Promise {}
async function ofClass() {
  await globalThis.slow; // @class
}

async function withProperty() {
  await globalThis.labelled; // @property
}

async function file(path) {
  const text = await fs.promises.readFile(path, 'utf8'); // @file
  return text;
}

class Lock {
  waiters = [];

  async acquire(who) {
    await new Promise((resolve) => this.waiters.push(resolve)); // @lock
    return who;
  }
}

async function chained() {
  await never.then(function double(value) { return value * 2; }); // @chained
}

async function* counter(step) {
  for (let count = 0; ; count++) {
    if (count === 2) await never; // @generator
    yield count * step;
  }
}

async function consumer() {
  const seen = [];
  for await (const value of counter(3)) seen.push(value); // @consumer
}

const later = {};
async function left() {
  await null;
  await later.right; // @left
}

async function right() {
  await later.left; // @right
}

class Shop {
  name = 'corner';

  async order({ id }, count = 2, ...rest) {
    for (const item of rest) {
      const price = count * 10;
      const show = () => [item, price];
      await never; // @method
      show();
    }
    return id;
  }
}

async function finished(value) {
  await null;
  return value;
}

async function inWorker(worker) {
  const where = `worker ${worker}`;
  await never; // @worker
  return where;
}

if (isMainThread) {
  for (let i = 0; i < 200; i++) void finished(i);
  void level1('A-17');
  void all();
  void race();
  void any();
  void allSettled();
  void sleeps();
  void timer();
  void event('open');
  void file(process.argv[2]);
  const lock = new Lock();
  void lock.acquire('first');
  void chained();
  void consumer();
  later.left = left();
  later.right = right();
  void new Shop().order({ id: 5 }, undefined, 'tea', 'milk');
  globalThis.slow = new Slow(() => {});
  globalThis.labelled = Object.assign(new Promise(() => {}), { label: 'mine' });
  void ofClass();
  void withProperty();
  void answers(emitter);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  void socket(server.address().port);
  new Worker(new URL(import.meta.url)).once('message', () => {
    globalThis.gc?.();
    globalThis.held = lock;
    fs.writeSync(3, '.');
  });
} else {
  void inWorker(threadId);
  setInterval(() => {}, 1_000_000);
  setImmediate(async () => (await import('node:worker_threads')).parentPort.postMessage('ready'));
}
