// A script that is done, and does not end: what keeps it alive was left open, and forgotten.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { MessageChannel, Worker } from 'node:worker_threads';
import { ready } from '../../zoo/ready.mjs';

// prettier-ignore
function onRequest() {} // @onRequest
// prettier-ignore
function onChange() {} // @onChange
// prettier-ignore
function onBus() {} // @onBus
// prettier-ignore
function onOutput() {} // @onOutput
// prettier-ignore
function onExit() {} // @onExit

const server = http.createServer(onRequest);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
fs.watch('.', onChange);
const { port1, port2 } = new MessageChannel();
port1.on('message', onBus);
globalThis.other = port2;
const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => {})', {
  eval: true,
});
await new Promise((resolve) => worker.once('online', resolve));
// It ends with this process, however that ends.
const child = spawn('tail', ['-f', '/dev/null', `--pid=${process.pid}`], { stdio: ['ignore', 'pipe', 'ignore'] });
child.stdout.on('data', onOutput);
child.once('exit', onExit);
process.on('exit', () => child.kill());
// prettier-ignore
setInterval(function refresh() {}, 60_000); // @refresh
console.log(child.pid);
ready();
