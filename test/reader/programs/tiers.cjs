// One Worker for each tier of the compilers, in a call (`call`) or in a loop (`loop`), and WebAssembly in both. Every
// Worker tells what it is and what it holds; the main thread says when all stand where they should.
'use strict';
const fs = require('node:fs');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');
const { kinds, tellAll } = require('./kinds.cjs');
const { bytes } = require('./wasm-module.cjs');

/** V8's own functions for tests, in code of their own: other parsers do not know their syntax. */
const native = (body) => new Function('f', body);
const compilers = {
  interpreted: [native('%NeverOptimizeFunction(f)'), () => {}],
  baseline: [native('%NeverOptimizeFunction(f)'), native('%CompileBaseline(f)')],
  maglev: [native('%PrepareFunctionForOptimization(f)'), native('%OptimizeMaglevOnNextCall(f)')],
  turbofan: [native('%PrepareFunctionForOptimization(f)'), native('%OptimizeFunctionOnNextCall(f)')],
};
const neverOptimize = native('%NeverOptimizeFunction(f)');
const cell = new Int32Array(new SharedArrayBuffer(4));

function stand(told) {
  parentPort.postMessage({ ...workerData, ...told });
  Atomics.wait(cell, 0, 0);
}
neverOptimize(stand);

/** Warms functions up, has them compiled, and calls the first for good. */
function runCompiled(functions) {
  const [prepare, compile] = compilers[workerData.tier];
  const [run] = functions;
  const mode = { isLast: false };
  const stop = (variables) => {
    if (mode.isLast) stand({ values: tellAll(variables), stack: new Error('here').stack.split('\n').slice(1) });
  };
  neverOptimize(stop);
  for (const fn of functions) prepare(fn);
  // Often enough for every call to have been seen; the interpreter must not be left for it.
  for (let i = 0; i < (workerData.tier === 'interpreted' ? 1 : 50); i++) run(stop);
  mode.isLast = true;
  for (const fn of [...functions].reverse()) compile(fn);
  run(stop);
}

class Basket {
  constructor(items) {
    this.items = items;
  }
  total(rate, stop) {
    const base = sumOf(this.items, stop);
    return base * rate;
  }
}
function sumOf(items, stop) {
  let sum = 0;
  for (const item of items) sum = check(sum + item, stop);
  return sum;
}
function check(sum, stop) {
  const limit = sum + 0.5;
  if (sum > 5) kinds(stop, 1, 0.5, 3);
  return limit > 0 ? sum : limit;
}
function calls(stop) {
  const basket = new Basket([1, 2, 3]);
  return basket.total(2, stop) + basket.items.length;
}

/** Runs for good on its last call; before, for some rounds. */
function loops(rounds, label, goal) {
  let steps = 0;
  let nearest = Infinity;
  const tag = 'T-' + label;
  while (steps !== rounds) {
    const gap = Math.abs((steps % 1000) * 1.5 - goal.value);
    if (gap < nearest) nearest = gap;
    steps = (steps + 1) & 0x3fffffff;
  }
  return tag + nearest;
}
function spins() {
  const [prepare, compile] = compilers[workerData.tier];
  const goal = { value: -10.25 };
  prepare(loops);
  for (let i = 0; i < 3; i++) loops(200, 'warm', goal);
  compile(loops);
  parentPort.postMessage(workerData);
  loops(-1, 'steady', goal);
}

function wasm(isLoop) {
  const back = () => {
    stand({});
    return 1;
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { back } });
  if (!isLoop) exports.run(5);
  parentPort.postMessage(workerData);
  exports.spin(1);
}

async function waits(order) {
  const total = order.price * 2;
  await new Promise((resolve) => order.listeners.push(resolve)); // @waits
  return total;
}

const roles = {
  call: () => runCompiled([calls, Basket.prototype.total, sumOf, check, kinds]),
  loop: spins,
  'wasm call': () => wasm(false),
  'wasm loop': () => wasm(true),
  tasks: () => {
    globalThis.order = { id: 'A-17', price: 2.5, listeners: [] };
    void waits(globalThis.order);
    setInterval(() => {}, 1e6);
    parentPort.postMessage(workerData);
  },
};

if (isMainThread) {
  const wanted = JSON.parse(process.argv[2]);
  const told = [];
  for (const workerData of wanted)
    new Worker(__filename, { workerData }).on('message', (message) => {
      told.push(message);
      if (told.length < wanted.length) return;
      console.log(JSON.stringify(told));
      fs.writeSync(3, '.');
    });
} else roles[workerData.role]();
