import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const words = new Int32Array(new SharedArrayBuffer(8));

async function natively() {
  const { value } = Atomics.waitAsync(words, 0, 0);
  await value; // @natively
}

async function never() {
  await new Promise(() => {}); // @never
}

void natively();
void never();
setInterval(() => {}, 60_000);
if (isMainThread) {
  const worker = new Worker(fileURLToPath(import.meta.url));
  worker.once('message', () => writeSync(3, '.'));
} else parentPort.postMessage('ready');
