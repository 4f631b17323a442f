// A primary and two workers. A line on standard input makes the first worker spin for ever.
import cluster from 'node:cluster';
import fs from 'node:fs';
import { createInterface } from 'node:readline';

const parent = process.ppid;

/** For ever, but not longer than the primary: it must not be left behind. */
function spin() {
  for (let next = 0; ; ) {
    if (Date.now() < next) continue;
    next = Date.now() + 200;
    if (process.ppid !== parent) process.exit();
  }
}

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  let ready = 0;
  for (const worker of workers) {
    worker.on('message', (pid) => {
      console.log(`worker ${pid}`);
      if (++ready === workers.length) fs.writeSync(3, '.');
    });
  }
  createInterface({ input: process.stdin }).on('line', () => workers[0].send('spin'));
} else {
  process.on('message', spin);
  process.send(process.pid);
}
