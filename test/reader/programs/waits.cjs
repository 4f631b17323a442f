// Waits in one system call, the way that is asked for, and tells what came back and after how long.
'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const native = require(process.env.WAITS_ADDON);
const [way] = process.argv.slice(2);
const ways = {
  ...native,
  readSync: () => (fs.readSync(0, Buffer.alloc(1)) === 1 ? 'done' : 'nothing'),
  'Atomics.wait': () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000),
  spawnSync: () => spawnSync('sleep', ['2']).error?.code ?? 'done',
};
function tell(result, startedAt) {
  console.log(JSON.stringify({ result, tookMs: Number(process.hrtime.bigint() - startedAt) / 1e6 }));
}
const startedAt = process.hrtime.bigint();
fs.writeSync(3, '.');
if (way === 'timer') setTimeout(() => tell('done', startedAt), 2000);
else tell(ways[way](), startedAt);
// Whoever looks is not done yet.
setInterval(() => {}, 1000);
