import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { ready } from '../../ready.mjs';

function countPrimes(range, step) {
  const label = `primes up to ${range.to}`;
  let candidate = range.from;
  while (candidate !== 0) candidate = (candidate + step) & 0xff; // @stuck
  return label;
}

function work(job) {
  const range = { from: job.size + 1, to: 1000 };
  return countPrimes(range, 2); // @call
}

if (isMainThread) {
  new Worker(new URL(import.meta.url), { workerData: { id: 'job-9', size: 40 } });
} else {
  ready();
  console.log(work(workerData));
}
