// Uses much of what it is told on standard input.
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';

const kept = [];
let busy = null;
const commands = {
  fds: () => {
    for (let count = 0; count < 300; count++) kept.push(fs.openSync('/dev/null', 'r'));
  },
  heap: () => {
    for (let count = 0; count < 1_200_000; count++) kept.push({ count, text: `x${count}` });
  },
  rss: () => kept.push(Buffer.alloc(300 << 20, 1)),
  busy: () => {
    busy = setInterval(() => {
      for (const end = Date.now() + 90; Date.now() < end; );
    }, 100);
  },
  rest: () => clearInterval(busy),
  deaf: () => {
    process.on('SIGTERM', () => undefined);
    for (;;);
  },
  worker: () => kept.push(new Worker('for (;;);', { eval: true })),
};
createInterface({ input: process.stdin }).on('line', (line) => commands[line]());
fs.writeSync(3, '.');
