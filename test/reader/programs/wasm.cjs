// Stands in WebAssembly, or in JavaScript that it called; tells the frames as V8 does. Argument: `wait` or `spin`.
'use strict';
const fs = require('node:fs');
const { bytes } = require('./wasm-module.cjs');

const [mode] = process.argv.slice(2);
const cell = new Int32Array(new SharedArrayBuffer(4));

function back(x) {
  stop();
  return x;
}

function stop() {
  Error.stackTraceLimit = 50;
  const stack = [];
  Error.prepareStackTrace = (_, sites) =>
    sites
      .filter((site) => site.getFileName()?.startsWith('wasm:'))
      .map((site) => ({
        name: site.getFunctionName(),
        file: site.getFileName(),
        column: site.getColumnNumber(),
      }));
  stack.push(...new Error('here').stack);
  delete Error.prepareStackTrace;
  fs.writeSync(1, `${JSON.stringify(stack)}\n`);
  fs.writeSync(3, 'r');
  Atomics.wait(cell, 0, 0);
}

const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { back } });
if (mode === 'spin') {
  fs.writeSync(3, 'r');
  instance.exports.spin(1);
} else instance.exports.run(5);
