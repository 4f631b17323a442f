// Waits for streams, emitters and files of Node's own. Each function waits at its marker; argv[2] is a FIFO that nobody writes to.
import { spawn } from 'node:child_process';
import { EventEmitter, on, once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import readline from 'node:readline/promises';
import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import timers from 'node:timers/promises';

const fifo = process.argv[2];
/** What nothing else refers to would be garbage, with the function that waits for it. */
const kept = [fs.openSync(fifo, 'r+')];
const keep = (object) => {
  kept.push(object);
  return object;
};

/** Functions that wait for something else before they come to their marker. */
const places = new Map(['file', 'socket', 'answer', 'handle'].map((name) => [name, place()]));
function place() {
  let reach;
  const reached = new Promise((resolve) => (reach = resolve));
  return { reach, reached };
}
const reach = (name) => places.get(name).reach();

class Sink extends Writable {
  _write() {}
}

const server = http.createServer(async (request, response) => {
  if (request.url === '/slow') response.write('begun');
  else for await (const chunk of request) keep(chunk); // @upload
});
const quiet = net.createServer((socket) => keep(socket));
for (const one of [server, quiet]) {
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
}
const base = `http://127.0.0.1:${server.address().port}`;

async function readFile() {
  const stream = keep(fs.createReadStream(fifo));
  stream.once('ready', () => reach('file'));
  for await (const chunk of stream) keep(chunk); // @file
}

async function readChild() {
  const child = keep(spawn('cat'));
  for await (const chunk of child.stdout) keep(chunk); // @child
}

async function readSocket() {
  const socket = keep(net.connect(quiet.address().port, '127.0.0.1'));
  await once(socket, 'connect');
  reach('socket');
  for await (const chunk of socket) keep(chunk); // @socket
}

async function readAnswer() {
  const [answer] = await once(http.get(`${base}/slow`), 'response');
  reach('answer');
  for await (const chunk of answer) keep(chunk); // @answer
}

/** Its function does not call back. */
async function readTransform() {
  const transform = keep(new Transform({ transform() {} }));
  transform.write('abc');
  for await (const chunk of transform) keep(chunk); // @transform
}

async function readArray() {
  await keep(new PassThrough()).toArray(); // @array
}

async function pipe() {
  const source = keep(Readable.from(['a', 'b']));
  await pipeline(source, new PassThrough(), new Sink()); // @pipeline
}

async function pipeNothing() {
  const source = keep(new PassThrough());
  await pipeline([source, new Sink()]); // @source
}

async function pump() {
  const sink = keep(new Sink({ highWaterMark: 1 }));
  async function* twice() {
    yield 'first';
    yield 'second';
  }
  await pipeline(twice, sink); // @pump
}

async function untilEnd() {
  await finished(keep(new PassThrough())); // @finished
}

async function untilDrain() {
  const sink = keep(new Sink({ highWaterMark: 1 }));
  sink.write('ab');
  await once(sink, 'drain'); // @drain
}

async function untilNoDrain() {
  await once(keep(new Sink()), 'drain'); // @no-drain
}

async function events() {
  const emitter = keep(new EventEmitter());
  emitter.on('error', () => {});
  for await (const event of on(emitter, 'tick')) keep(event); // @events
}

async function lines() {
  const reader = keep(readline.createInterface({ input: keep(new PassThrough()) }));
  for await (const line of reader) keep(line); // @lines
}

async function question() {
  const reader = keep(readline.createInterface({ input: keep(new PassThrough()) }));
  await reader.question('Really? '); // @question
}

async function interval() {
  for await (const value of timers.setInterval(500_000)) keep(value); // @interval
}

async function readHandle() {
  const handle = keep(await fs.promises.open(fifo, fs.constants.O_RDWR));
  reach('handle');
  await handle.read(Buffer.alloc(8), 0, 8); // @handle
}

const upload = keep(http.request(`${base}/upload`, { method: 'POST' }));
upload.write('part');
await once(server, 'request');
const all = [readFile, readChild, readSocket, readAnswer, readTransform, readArray, pipe, pump];
all.push(pipeNothing, untilEnd, untilDrain, untilNoDrain, events, lines, question, interval);
for (const run of [...all, readHandle]) void run();
await Promise.all([...places.values()].map(({ reached }) => reached));
for (let turn = 0; turn < 20; turn++) await timers.setImmediate();
fs.writeSync(3, '.');
