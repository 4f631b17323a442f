// Thousands at one line, tasks that are done, and tasks that can never go on and that nobody can reach.
const fs = require('node:fs');

const gates = [];

async function load(id) {
  const key = `k${id}`;
  await new Promise((resolve) => gates.push(resolve)); // @load
  return key;
}

async function serve(id) {
  const request = { id };
  await load(request.id); // @serve
  return request;
}

async function done(value) {
  const copy = [value];
  await null;
  await copy;
  return value;
}

async function settledLater() {
  await new Promise((resolve) => setImmediate(resolve));
  return 'done';
}

async function main() {
  for (let i = 0; i < 3_000; i++) void serve(i);
  const promises = [];
  for (let i = 0; i < 500; i++) promises.push(done(i), settledLater());
  await Promise.all(promises);
  globalThis.gc?.({ type: 'minor' });
  globalThis.keep = { gates, promises };
  setInterval(() => {}, 1_000_000);
  fs.writeSync(3, '.');
}

main();
