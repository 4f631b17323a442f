// Promises that other work settles by hand: who has the resolve function is found, unless others could have it as well.
const fs = require('node:fs');
const { promisify } = require('node:util');

const replies = new Map();

async function reply(id) {
  await new Promise((resolve) => replies.set(id, resolve)); // @reply
}

async function inExecutor() {
  // prettier-ignore
  await new Promise(async (resolve) => { await reply('executor'); resolve(); }); // @in-executor
}

async function byHandler() {
  // prettier-ignore
  await new Promise((resolve, reject) => { reply('handler').then((x) => { resolve(x); }, reject); }); // @by-handler
}

async function byFinally() {
  // prettier-ignore
  await new Promise((resolve) => { reply('finally').finally(() => resolve()); }); // @by-finally
}

async function byAll() {
  // prettier-ignore
  await new Promise((resolve) => { Promise.all([reply('all')]).then(() => resolve()); }); // @by-all
}

function ask(callback) {
  // prettier-ignore
  (async () => { await reply('callback'); callback(null); })(); // @asks
}

async function byCallback() {
  // prettier-ignore
  await new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve()))); // @by-callback
}

async function byPromisified() {
  await promisify(ask)(); // @by-promisified
}

function defer() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}

async function settle(deferred) {
  await reply('deferred'); // @settles
  deferred.resolve();
}

async function byDeferred() {
  const deferred = defer();
  settle(deferred);
  await deferred.promise; // @by-deferred
}

class Queue {
  #jobs = [];
  #isAtWork = false;

  push(job) {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ job, resolve, reject });
      this.#work();
    });
  }

  async #work() {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    for (let item = this.#jobs.shift(); item !== undefined; item = this.#jobs.shift()) {
      item.resolve(await item.job()); // @works
    }
  }
}

const queue = new Queue();
async function inQueue(id) {
  await queue.push(() => reply(id)); // @in-queue
}

class Batch {
  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
  }

  async run() {
    await reply('batch'); // @runs
    this.finish();
  }
}

async function byReceiver() {
  const batch = new Batch();
  batch.run();
  await batch.done; // @by-receiver
}

/** The handler is in the scope of the resolve function, and has nothing to do with it. */
async function bySignal() {
  let stop;
  const stopped = new Promise((resolve) => {
    stop = resolve;
  });
  process.once('SIGUSR2', () => stop());
  reply('signal').then(() => console.log('started'));
  await stopped; // @by-signal
}

/** Two have it: nothing tells which one uses it. */
async function byEither() {
  const deferred = defer();
  settle(deferred);
  settle(deferred);
  await deferred.promise; // @by-either
}

/** A circle, which a timer ends. */
async function untilLate() {
  let self = null;
  const late = new Promise((resolve) => {
    setTimeout(resolve, 1_000_000);
    setImmediate(() => self.then(() => resolve()));
  });
  self = waitFor(late);
  await self;
}

async function waitFor(late) {
  await late; // @circle
}

for (const one of [inExecutor, byHandler, byFinally, byAll, byCallback, byPromisified]) void one();
for (const one of [byDeferred, byReceiver, bySignal, byEither, untilLate]) void one();
void inQueue('first');
void inQueue('second');
setTimeout(() => fs.writeSync(3, '.'), 50);
