import http from 'node:http';
import vm from 'node:vm';
import { ready } from '../../ready.mjs';

/** As if it were installed. */
const listen = vm.runInThisContext(
  `(http, handler) => {
    async function dispatch(request, response) {
      response.end(await handler(request.url.slice(1)));
    }
    return http.createServer((request, response) => void dispatch(request, response)).listen(0, '127.0.0.1');
  }`,
  { filename: '/srv/shop/node_modules/framework/index.js' },
);

const waiting = new Map();

function askStock(id) {
  // Whoever was to call it has been forgotten. What it was asked is kept, else the collector would take all that waits for it.
  const asked = new Promise((resolve) => void (id === '' && resolve()));
  waiting.set(id, asked);
  return asked.then((stock) => stock);
}

async function showOrder(id) {
  const stock = await askStock(id); // @stuck
  return `${id}: ${stock}`;
}

const server = listen(http, showOrder);
server.once('listening', () => {
  http.get(`http://127.0.0.1:${server.address().port}/A-17`);
  server.once('request', () => setImmediate(ready));
});
