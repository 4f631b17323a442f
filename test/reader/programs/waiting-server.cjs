// A server and an async function that waits for ever; tells what can be checked.
'use strict';
const fs = require('node:fs');
const net = require('node:net');

// Something must hold what it waits for: V8 collects a function that nobody can resume, on a quiet process after some seconds.
const waiters = [];
async function neverDone(order) {
  await new Promise((resolve) => waiters.push(resolve));
  return order;
}

const server = net.createServer().listen(0, '127.0.0.1', () => {
  neverDone({ id: 7 });
  console.log(JSON.stringify({ version: process.version, port: server.address().port }));
  setImmediate(() => fs.writeSync(3, '.'));
});
