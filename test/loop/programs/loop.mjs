// Holds one of every kind of handle, fills the thread pool (UV_THREADPOOL_SIZE=2), and sets timers. Says what it holds.
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';
import { ready } from '../../zoo/ready.mjs';

const held = {};

function heartbeat() {} // @heartbeat
for (let i = 0; i < 3; i++) setInterval(heartbeat, 60_000);

class Cache {
  constructor() {
    const expire = this.expire.bind(this);
    setTimeout(expire, 3_600_000.5).unref();
  }
  // prettier-ignore
  expire() {} // @expire
}
new Cache();
setTimeout(() => {}, 90_000); // @arrow

const server = net.createServer((socket) => socket.pause());
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
held.serverPort = server.address().port;
const client = net.connect(held.serverPort, '127.0.0.1');
await new Promise((resolve) => client.once('connect', resolve));
held.clientPort = client.localPort;
const six = net.createServer();
await new Promise((resolve) => six.listen(0, '::1', resolve));
held.sixPort = six.address().port;
held.unixPath = path.resolve('loop.sock');
const unix = net.createServer();
await new Promise((resolve) => unix.listen(held.unixPath, resolve));
const udp = dgram.createSocket('udp4');
await new Promise((resolve) => udp.bind(0, '127.0.0.1', resolve));
held.udpPort = udp.address().port;
// More than the kernel takes: the rest waits in the stream.
client.write(Buffer.alloc(16 << 20));

const child = spawn('sleep', ['600'], { stdio: ['pipe', 'ignore', 'ignore'] });
held.childPid = child.pid;
process.on('exit', () => child.kill());
process.on('SIGUSR2', () => {});
held.watched = path.resolve('.');
fs.watch(held.watched, () => {});

const worker = new Worker(new URL('loop-worker.mjs', import.meta.url));
held.workerPort = await new Promise((resolve) => worker.once('message', resolve));

// Five reads on FIFOs nobody writes to, two threads: three of them wait.
held.fifos = [];
const pending = [];
const call = (start) => new Promise((resolve) => start(resolve));
for (let i = 0; i < 5; i++) {
  const fifo = path.resolve(`fifo-${i}`);
  execFileSync('mkfifo', [fifo]);
  const fd = fs.openSync(fifo, 'r+');
  held.fifos.push({ fifo, fd });
  pending.push(call((done) => fs.read(fd, Buffer.alloc(8), 0, 8, null, done)));
}
pending.push(
  call((done) => fs.stat('/no/such/file', done)),
  call((done) => fs.rename('/no/such/file', '/no/such/other', done)),
  call((done) => dns.lookup('localhost', done)),
  call((done) => zlib.gzip(Buffer.from('text'), done)),
  call((done) => crypto.pbkdf2('password', 'salt', 1, 16, 'sha256', done)),
);

console.log(JSON.stringify(held));
if (process.argv[2] === 'busy') {
  setImmediate(function later() {}); // @later
  ready();
  for (;;);
}
ready();
process.stdin.once('data', async () => {
  for (const { fd } of held.fifos) fs.writeSync(fd, 'released');
  await Promise.all(pending);
  console.log('released');
});
