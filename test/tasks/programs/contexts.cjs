// One waiting function in each of several contexts of one isolate, and in a Worker: each has maps of its own.
'use strict';
const fs = require('node:fs');
const vm = require('node:vm');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

const source = (name) => `(async function ${name}(order) {
  await new Promise((resolve) => keep(resolve));
})`;
const kept = [];
const keep = (resolve) => kept.push(resolve);

if (isMainThread) {
  globalThis.keep = keep;
  vm.runInThisContext(source('inMain'))('A-0');
  for (const name of ['inFirst', 'inSecond', 'inThird'])
    vm.runInNewContext(source(name), { keep })(name);
  new Worker(__filename).once('message', () => fs.writeSync(3, '.'));
} else {
  globalThis.keep = keep;
  vm.runInThisContext(source('inWorker'))('W-1');
  vm.runInNewContext(source('inWorkersOwn'), { keep })('W-2');
  parentPort.postMessage('ready');
}
setInterval(() => kept, 1e6);
