import { ready } from '../../ready.mjs';

/** Two connections, and those who wait for one. */
class Pool {
  #free = [{ id: 1 }, { id: 2 }];
  #waiting = [];

  getConnection() {
    const connection = this.#free.pop();
    if (connection !== undefined) return Promise.resolve(connection);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(connection) {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(connection);
    else next(connection);
  }
}

const pool = new Pool();

async function audit(order) {
  const connection = await pool.getConnection(); // @inner
  pool.release(connection);
  return order;
}

async function placeOrder(order) {
  const connection = await pool.getConnection(); // @outer
  await audit(order); // @holder
  pool.release(connection);
}

for (const order of ['A-1', 'A-2', 'A-3']) void placeOrder(order);
setImmediate(ready);
setInterval(() => {}, 60_000);
