import { ready } from '../../ready.mjs';

class Mutex {
  #queue = [];
  #isHeld = false;

  async acquire() {
    if (this.#isHeld) await new Promise((resolve) => this.#queue.push(resolve)); // @wait
    this.#isHeld = true;
  }

  release() {
    this.#isHeld = false;
    this.#queue.shift()?.();
  }
}

const stockLock = new Mutex();
const replies = new Map();

async function reserve(cart) {
  await stockLock.acquire(); // @stuck
  const items = cart.items.length;
  await new Promise((resolve) => replies.set(cart.id, resolve)); // @holder
  stockLock.release();
  return items;
}

for (const id of ['A-1', 'A-2', 'A-3']) void reserve({ id, items: ['lamp'] });
setImmediate(ready);
setInterval(() => {}, 60_000);
