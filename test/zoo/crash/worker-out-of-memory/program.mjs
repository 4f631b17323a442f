import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { ready } from '../../ready.mjs';

const rows = [];

function load(table) {
  for (let id = 0; ; id++) rows.push({ id, cells: new Array(20).fill(id) }); // @full
}

if (isMainThread) {
  ready();
  const worker = new Worker(new URL(import.meta.url), {
    workerData: 'orders',
    resourceLimits: { maxOldGenerationSizeMb: 30 },
  });
  worker.on('error', () => {});
} else {
  load(workerData);
}
