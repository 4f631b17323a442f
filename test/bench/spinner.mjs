/**
 * Spins and keeps the longest gap between two readings of the clock: how long it stood still, seen from inside.
 * `reset` and `read` come by shared memory of a worker that listens on stdin, as the main thread never pauses.
 */
import { createInterface } from 'node:readline';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

function spin(gap) {
  let before = performance.now();
  for (;;) {
    const now = performance.now();
    if (now - before > gap[0]) gap[0] = now - before;
    before = now;
  }
}

if (isMainThread) {
  const gap = new Float64Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL(import.meta.url), { workerData: gap, stdin: false });
  worker.once('message', () => spin(gap));
} else {
  const fs = await import('node:fs');
  const { parentPort } = await import('node:worker_threads');
  parentPort.postMessage('listening');
  const gap = workerData;
  const lines = createInterface({ input: fs.createReadStream('', { fd: 0 }) });
  lines.on('line', (line) => {
    if (line === 'reset') gap[0] = 0;
    fs.writeSync(1, `gap ${gap[0]}\n`);
  });
}
