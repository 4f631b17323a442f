import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { ready } from '../../ready.mjs';

function importRows(file) {
  return 'a,'.repeat(100_000_000).split(','); // @full
}

if (isMainThread) {
  ready();
  const worker = new Worker(new URL(import.meta.url), {
    workerData: 'rows.csv',
    resourceLimits: { maxOldGenerationSizeMb: 30 },
  });
  worker.on('error', () => {});
} else {
  importRows(workerData);
}
