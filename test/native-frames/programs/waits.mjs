// Every thread waits somewhere: the main thread below JavaScript and C++ by turns, a pool thread in open(), a worker in
// Atomics.wait(). With `idle` the main thread only waits in its loop.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';

execFileSync('mkfifo', ['main.fifo', 'pool.fifo']);
fs.open('pool.fifo', 'r', () => {});
const sleeper = `
  require('node:worker_threads').parentPort.postMessage('here');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
new Worker(sleeper, { eval: true }).once('message', () => {
  const fd = fs.openSync('main.fifo', 'r+');
  fs.writeSync(3, '.');
  if (process.argv[2] !== 'idle') ['ab'].map((text) => text.replace(/a/, () => waitForBytes(fd)));
});
function waitForBytes(fd) {
  return fs.readSync(fd, Buffer.alloc(10));
}
