import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { ready } from '../../ready.mjs';

function readLine(fd, buffer) {
  const wanted = buffer.length;
  const count = fs.readSync(fd, buffer, 0, wanted); // @stuck
  return buffer.toString('utf8', 0, count);
}

function importOrders(source) {
  const options = { retry: true, encoding: 'utf8' };
  const fd = fs.openSync(source.path, 'r+');
  const line = readLine(fd, Buffer.alloc(64)); // @call
  return { line, options };
}

execFileSync('mkfifo', ['orders.fifo']);
ready();
console.log(importOrders({ path: 'orders.fifo', kind: 'fifo' }));
