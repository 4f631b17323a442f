// A child that writes more than its pipe holds, which is not read; one that waits for the end of its input; one that just works.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';

const endless = 'for (;;) fs.writeSync(1, "x".repeat(65536))';
const writes = spawn(process.execPath, ['-e', endless], { stdio: ['ignore', 'pipe', 'ignore'] });
const sorts = spawn('sort', { stdio: ['pipe', 'ignore', 'ignore'] });
// All of them end with this process, however it ends.
const works = spawn('tail', ['-f', '/dev/null', `--pid=${process.pid}`], { stdio: 'ignore' });

async function build() {
  await once(writes, 'close');
}
void build();

/** Until the kernel says that they wait: in a write, and in a read. */
function waits(child, what) {
  return fs.readFileSync(`/proc/${child.pid}/wchan`, 'utf8').includes(what);
}
const look = setInterval(() => {
  if (!waits(writes, 'sock_alloc_send') || !waits(sorts, 'stream_read')) return;
  clearInterval(look);
  console.log([writes, sorts, works].map(({ pid }) => pid).join(' '));
  fs.writeSync(3, '.');
}, 20);
