// Requests that nobody answers, by the ways that programs make them. Each function waits at its marker.
const dgram = require('node:dgram');
const dns = require('node:dns');
const fs = require('node:fs');
const http = require('node:http');

/** As libraries have it: a class of their own around Node's request, and a promise behind functions that wrap its own. */
class Call {
  constructor(request) {
    this.inner = request;
  }
}
function settledBy(run) {
  return new Promise((resolve) => {
    const finish = (value) => resolve(value);
    run(finish);
  });
}
/** Promise and functions in one object. */
function makeDeferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}

const listeners = [];
const server = http.createServer((request, response) => {
  // The headers of an answer, and never its end.
  if (['/body', '/chunks'].includes(request.url)) response.write('begun');
});
const silent = dgram.createSocket('udp4');
silent.bind(0, '127.0.0.1', () => server.listen(0, '127.0.0.1', start));

function start() {
  const base = `http://127.0.0.1:${server.address().port}`;
  const resolver = new dns.promises.Resolver({ timeout: 600_000 });
  resolver.setServers([`127.0.0.1:${silent.address().port}`]);

  async function fetched() {
    return await fetch(`${base}/fetched?token=hunter2`); // @fetched
  }
  async function wrapped() {
    // prettier-ignore
    return await settledBy((finish) => { // @wrapped
      const call = new Call(http.get(`${base}/wrapped`));
      listeners.push(() => finish(call));
    });
  }
  async function deferred() {
    const options = { method: 'PUT', origin: base, path: '/deferred' };
    const answer = makeDeferred();
    listeners.push(() => answer.resolve(options));
    return await answer.promise; // @deferred
  }
  async function other() {
    const answer = makeDeferred();
    listeners.push(() => answer.resolve());
    return await answer.promise; // @other
  }
  /** As it is written most: an answer is waited for by a callback. */
  function get(path, agent) {
    // prettier-ignore
    return new Promise((resolve, reject) => {
      http.get(`${base}${path}`, { agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      }).on('error', (error) => reject(error));
    });
  }
  const agent = new http.Agent({ maxSockets: 1 });
  async function called() {
    return await get('/called', agent); // @called
  }
  async function queued() {
    return await get('/queued', agent); // @queued
  }
  async function lookedUp() {
    return await resolver.resolve4('db.internal'); // @looked-up
  }
  let left = 2;
  function begun() {
    if (--left === 0) setTimeout(() => fs.writeSync(3, '.'), 50);
  }
  async function body() {
    const answer = await fetch(`${base}/body`, { method: 'POST', body: 'x' });
    begun();
    return await answer.text(); // @body
  }
  async function chunks() {
    const { body: stream } = await fetch(`${base}/chunks`);
    begun();
    // prettier-ignore
    for await (const chunk of stream) listeners.push(chunk); // @chunks
  }
  for (const run of [fetched, wrapped, deferred, other, called, queued, lookedUp, chunks, body]) void run();
}
