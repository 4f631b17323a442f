import http from 'node:http';
import { ready } from '../../ready.mjs';

const server = http.createServer((request, response) => {
  response.end(JSON.stringify({ path: request.url, at: Date.now() }));
});

async function callItself(port) {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/orders`);
    await response.json();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

server.listen(0, '127.0.0.1', () => {
  ready();
  void callItself(server.address().port);
});
