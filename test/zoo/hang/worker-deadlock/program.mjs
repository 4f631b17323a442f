import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { ready } from '../../ready.mjs';

function takeBoth(cells, first, second) {
  Atomics.compareExchange(cells[first], 0, 0, 1);
  Atomics.add(cells.here, 0, 1);
  while (Atomics.load(cells.here, 0) < 2);
  while (Atomics.compareExchange(cells[second], 0, 0, 1) !== 0) {
    Atomics.wait(cells[second], 0, 1); // @stuck
  }
  return `${first} and ${second}`;
}

const share = () => new Int32Array(new SharedArrayBuffer(4));
if (isMainThread) {
  const cells = { accounts: share(), ledger: share(), here: share() };
  new Worker(new URL(import.meta.url), { workerData: cells }).once('online', () => {
    ready();
    takeBoth(cells, 'accounts', 'ledger'); // @call
  });
} else {
  takeBoth(workerData, 'ledger', 'accounts');
}
