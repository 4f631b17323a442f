import { writeSync } from 'node:fs';

/** Its own functions are no async functions: who holds it, only the source of its users tells. */
class Semaphore {
  #free = 1;
  #queue = [];

  acquire() {
    const { promise, resolve } = Semaphore.later();
    if (this.#free > 0) resolve();
    else this.#queue.push(resolve);
    this.#free--;
    return promise;
  }

  release() {
    this.#free++;
    this.#queue.shift()?.();
  }

  static later() {
    const later = {};
    later.promise = new Promise((resolve) => {
      later.resolve = resolve;
    });
    return later;
  }
}

const stock = new Semaphore();
const tills = [new Semaphore()];
const replies = new Map();

async function reserve(cart) {
  const items = cart.items.length;
  await stock.acquire(); // @taken
  try {
    if (items === 0) {
      stock.release();
      return 0;
    }

    for (const item of cart.items) {
      await new Promise((resolve) => replies.set(item, resolve)); // @reserves
    }
  } finally {
    stock.release();
  }
  return items;
}

async function ship(cart) {
  await stock.acquire(); // @ships
  stock.release();
  return cart.items;
}

async function* lines(till) {
  await till.acquire();
  till.release();
  await new Promise((resolve) => replies.set('line', resolve)); // @reads
  yield till;
}

void reserve({ items: ['lamp'] });
void ship({ items: ['desk'] });
void lines(tills[0]).next();
setInterval(() => {}, 60_000);
const late = setImmediate(() => writeSync(3, '.'));
await tills[0].acquire(late); // @top-taken
await new Promise((resolve) => replies.set('top', resolve)); // @top
