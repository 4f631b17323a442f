// Functions without a name that are handed over in a call, with an object literal behind them. Each waits at its marker.
const fs = require('node:fs');

const connection = { host: 'queue.internal' };
const kept = [];

class Worker {
  constructor(queue, work, options) {
    kept.push(options);
    void work({ id: queue });
  }
}
const app = {
  get(route, ...handlers) {
    for (const handler of handlers) if (typeof handler === 'function') void handler(route);
  },
};
const exported = {};

new Worker('mails', async (job) => await new Promise((resolve) => kept.push(job, resolve)), { connection }); // @constructed
// prettier-ignore
app.get('/orders', async function (route) {
    await new Promise((resolve) => kept.push(route, resolve)); // @called
}, { timeout: 5 });
exported.load = async (id) => await new Promise((resolve) => kept.push(id, resolve)); // @assigned
exported.load(7);

setInterval(() => {}, 1_000_000);
setImmediate(() => fs.writeSync(3, '.'));
