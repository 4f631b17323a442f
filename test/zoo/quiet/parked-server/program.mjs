import http from 'node:http';
import { ready } from '../../ready.mjs';

async function serve(port) {
  const server = http.createServer((request, response) => response.end('hello'));
  server.listen(port, '127.0.0.1', () => ready());
  await new Promise(() => {
    // Until the process is told to end.
  });
}

async function main() {
  await serve(0);
}

void main();
