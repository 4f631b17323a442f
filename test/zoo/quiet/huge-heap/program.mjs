import { ready } from '../../ready.mjs';

const orders = [];
for (let id = 0; id < 600_000; id++) orders.push({ id, lines: [id, id + 1], note: `order ${id}` });

ready();
setInterval(() => orders[0].id, 100);
