// A server that answers nothing under /slow, and everything else at once; it does what its standard input says.
import http from 'node:http';
import { createInterface } from 'node:readline';

const waiting = new Set();
const server = http.createServer((request, response) => {
  if (!/^\/(slow|services)/.test(request.url)) return response.end('quick');
  waiting.add(response);
  response.once('close', () => waiting.delete(response));
  if (request.url.startsWith('/slow/body')) response.write('half of it');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const aborts = new AbortController();
const agent = new http.Agent({ keepAlive: true });

const acts = {
  fetch: () => void fetch(`${origin}/slow/fetch?token=abc`, { signal: aborts.signal }).catch(() => {}),
  get: () => http.get(`${origin}/slow/body/7?card=1`, { agent }).on('error', () => {}),
  post: () => http.request(`${origin}/slow/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ`, { method: 'POST', agent }).on('error', () => {}).end(),
  quick: async () => {
    for (let i = 0; i < 200; i++) await (await fetch(`${origin}/quick/${i}`)).text();
    for (let i = 0; i < 20; i++) await new Promise((done) => http.get(`${origin}/quick`, { agent }, (r) => r.resume().once('close', done)));
  },
  many: () => {
    for (let i = 0; i < 100; i++) http.get(`${origin}/slow/${i}`).on('error', () => {});
  },
  // In two parts: whole, it has the look of a real one.
  webhook: () =>
    http.get(`${origin}/services/T0B1C2D3E/${'B0D1E2F3G'}/aZ3xQ9mK7bW2vN8cR4tY6uP1`, { agent, headers: { host: 'hooks.slack.com' } }).on('error', () => {}),
  tenant: () => http.get(`${origin}/slow/tenant-42`, { agent }).on('error', () => {}),
  abort: () => aborts.abort(),
  answer: () => {
    for (const response of waiting) response.end('at last');
  },
};

createInterface({ input: process.stdin }).on('line', async (word) => {
  await acts[word]?.();
  console.log(`done ${word}`);
});
console.log('ready');
