import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import http from 'node:http';
import { ready } from '../../ready.mjs';

async function load(port) {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await response.text();
  }
}

if (process.argv[2] === 'client') {
  for (let i = 0; i < 4; i++) void load(process.argv[3]);
} else if (cluster.isPrimary) {
  let listening = 0;
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on('listening', (worker, { port }) => {
    if (++listening < 2) return;
    cluster.setupPrimary({ exec: process.argv[1] });
    fork(process.argv[1], ['client', String(port)]);
    ready();
  });
} else {
  const page = 'hello '.repeat(2_000);
  http.createServer((request, response) => response.end(page)).listen(0, '127.0.0.1');
}
