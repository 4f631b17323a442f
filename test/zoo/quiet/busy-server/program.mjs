import { fork } from 'node:child_process';
import http from 'node:http';
import { ready } from '../../ready.mjs';

/** Asks again and again, over eight connections. */
async function load(port) {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/orders/17`);
    await response.text();
  }
}

if (process.argv[2] === 'client') {
  for (let i = 0; i < 8; i++) void load(process.argv[3]);
} else {
  const server = http.createServer((request, response) => {
    const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: `order ${id}`, path: request.url }));
    response.end(JSON.stringify(rows));
  });
  server.listen(0, '127.0.0.1', () => {
    fork(process.argv[1], ['client', String(server.address().port)]);
    server.once('request', ready);
  });
}
