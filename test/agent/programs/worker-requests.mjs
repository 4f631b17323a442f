// Servers and clients in Workers; what a line of standard input says: `worker 2 slow 30` is said to the second Worker.
import diagnostics from 'node:diagnostics_channel';
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { Worker, isMainThread, parentPort, threadId, workerData } from 'node:worker_threads';

/** Of each thread: a server that answers nothing under /slow, and requests to it and to a listener that never answers. */
async function serve(silentPort) {
  const waiting = new Set();
  let isPatient = true;
  const server = http.createServer((request, response) => {
    if (!isPatient || !request.url.startsWith('/slow')) return response.end('quick');
    waiting.add(response);
    response.once('close', () => waiting.delete(response));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true });
  const get = (path, to = port) => http.get({ port: to, host: '127.0.0.1', path, agent }).on('error', () => {});
  const answered = (path) => new Promise((done) => get(path).once('response', (response) => response.resume().once('end', done)));
  let serial = 0;
  const acts = {
    port,
    slow: (count) => {
      for (let i = 0; i < count; i++) get(`/slow/of-${threadId}/${serial++}?token=abc`);
    },
    // As `slow`, of which each takes one place.
    silent: (count) => {
      for (let i = 0; i < count; i++) get(`/silent/of-${threadId}/${serial++}`, silentPort);
    },
    quick: async (count) => {
      for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, () => answered(`/quick/of-${threadId}/${serial++}`)));
    },
    // Also those that come late.
    answer: () => {
      isPatient = false;
      for (const response of waiting) response.end('at last');
    },
    // Begins requests and ends them, as undici tells of it, and nothing else.
    rounds: (count) => {
      const create = diagnostics.channel('undici:request:create');
      const error = diagnostics.channel('undici:request:error');
      for (let i = 0; i < count; i++) {
        const requests = Array.from({ length: 5 }, () => ({ origin: 'http://round.example', path: `/slow/of-${threadId}/${serial++}`, method: 'GET' }));
        for (const request of requests) create.publish({ request });
        for (const request of requests) error.publish({ request });
      }
    },
    // For good: who is stopped in it is in the middle of one.
    storm: () => {
      parentPort.postMessage('in storm');
      acts.rounds(Infinity);
    },
  };
  return acts;
}

async function runWorker() {
  const acts = await serve(workerData);
  parentPort.on('message', async ([word, argument]) => {
    await acts[word](Number(argument));
    parentPort.postMessage('done');
  });
  parentPort.postMessage('ready');
}

async function runMain() {
  const silent = net.createServer((socket) => socket.on('error', () => {}));
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const workers = [];
  const hears = (worker) => new Promise((resolve) => worker.once('message', resolve));
  const acts = {
    ...(await serve(silent.address().port)),
    start: async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: silent.address().port });
      workers.push(worker);
      await hears(worker);
    },
    worker: async (number, ...words) => {
      const heard = hears(workers[number - 1]);
      workers[number - 1].postMessage(words);
      await heard;
    },
    workers: (...words) => Promise.all(workers.map((_, index) => acts.worker(index + 1, ...words))),
    terminate: (number) => workers[number - 1].terminate(),
  };
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const [word, ...rest] = line.split(' ');
    await acts[word](...rest);
    console.log(`done ${line}`);
  });
  console.log('ready');
}

await (isMainThread ? runMain() : runWorker());
