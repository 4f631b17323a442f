import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { ready } from '../../ready.mjs';

function countPrimes(from, to) {
  let count = 0;
  for (let n = from; n < to; n++) {
    let d = 2;
    while (d * d <= n && n % d !== 0) d++;
    if (d * d > n) count++;
  }
  return count;
}

if (isMainThread) {
  let answers = 0;
  for (let i = 0; i < 2; i++) {
    const worker = new Worker(new URL(import.meta.url));
    worker.on('message', (count) => {
      if (++answers === 4) ready();
      worker.postMessage(count + 1_000);
    });
    worker.postMessage(100_000);
  }
} else {
  parentPort.on('message', (from) => parentPort.postMessage(countPrimes(from, from + 10_000)));
}
