import { execFileSync } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { ready } from '../../ready.mjs';

let opened = 0;

async function follow(path) {
  const file = await open(path, 'r+');
  if (++opened === 4) setImmediate(askForPrices);
  const { bytesRead } = await file.read(Buffer.alloc(64), 0, 64, null); // @stuck
  return bytesRead;
}

async function loadPrices(path) {
  const { size } = await stat(path); // @queued
  return size;
}

/** All threads of the pool read by now. */
function askForPrices() {
  void loadPrices('prices.json');
  setImmediate(ready);
}

for (let i = 0; i < 4; i++) execFileSync('mkfifo', [`log-${i}.fifo`]);
for (let i = 0; i < 4; i++) void follow(`log-${i}.fifo`);
setInterval(() => {}, 60_000);
