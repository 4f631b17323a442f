import { once, EventEmitter } from 'node:events';
import http from 'node:http';
import { ready } from '../../ready.mjs';

const waiting = new Map();

function askStock(sku) {
  // Whoever was to call it has been forgotten. What it was asked is kept, else the collector would take all that waits for it.
  const asked = new Promise((resolve) => void (sku === '' && resolve()));
  waiting.set(sku, asked);
  return asked.then((stock) => stock);
}

async function checkOut(order) {
  const total = order.lines * 5;
  const stock = await askStock(order.sku); // @stuck
  return { total, stock };
}

async function answer(request, response) {
  const order = { id: request.url.slice(1), sku: 'lamp-2', lines: 3 };
  response.end(JSON.stringify(await checkOut(order))); // @call
}

const server = http.createServer((request, response) => {
  void answer(request, response);
});
server.listen(0, '127.0.0.1', () => {
  http.get(`http://127.0.0.1:${server.address().port}/A-17`);
  server.once('request', () => setImmediate(ready));
});
