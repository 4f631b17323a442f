'use strict';
// The program of which the vectors were taken: node --allow-natives-syntax program.cjs SCENARIO maglev|turbofan
// The optimised function reaches a blocking call with known values and stays there for good.
const fs = require('node:fs');
const [, , scenario, tier] = process.argv;
/** V8's own functions, spelt so that tools which do not know their syntax can read this file. */
const intrinsic = (name, argument = 'fn') => new Function('fn', `%${name}(${argument})`);
const neverOptimize = intrinsic('NeverOptimizeFunction');
const prepare = intrinsic('PrepareFunctionForOptimization');
const optimizeOnNextCall =
  tier === 'maglev'
    ? intrinsic('OptimizeMaglevOnNextCall')
    : intrinsic('OptimizeFunctionOnNextCall');
const deoptimize = intrinsic('DeoptimizeFunction');
const runMicrotasks = intrinsic('PerformMicrotaskCheckpoint', '');

const cell = new Int32Array(new SharedArrayBuffer(4));
const wait = (ms) => Atomics.wait(cell, 0, 0, ms);
neverOptimize(wait);
function use(...values) {
  return values.length;
}
neverOptimize(use);

class Order {
  constructor(id, lines) {
    this.id = id;
    this.lines = lines;
  }
}

function plain(count, price, label, ms) {
  const twice = count * 2 + 1;
  const rate = price / 3;
  const text = label + '!';
  const order = new Order(count, [label]);
  const low = count < 5;
  const state = wait(ms);
  return use(count, price, label, twice, rate, text, order, low, state, this);
}

class Box {
  constructor(value) {
    this.value = value;
  }
  leaf(factor, tag, ms) {
    const product = this.value * factor;
    const state = wait(ms);
    return use(product, tag, state, factor, this);
  }
  mid(factor, ms) {
    const next = factor + 1;
    const got = this.leaf(next, 'T', ms);
    return use(next, got, factor);
  }
}
function inlined(box, factor, ms) {
  let sum = factor * 3;
  const keep = { label: 'L' };
  sum += box.mid(factor, ms);
  return use(sum, keep, box);
}

function captured(x, y, ms) {
  const point = { x, y };
  const pair = [point, point, x + 0.5];
  const alias = point;
  const state = wait(ms);
  if (x < 0) {
    use(point, pair, alias);
  }
  return point.x + pair[2] + alias.y + pair.length + use(state);
}

class Shape {
  constructor(width, ms) {
    this.width = width;
    const extra = width + 1;
    wait(ms);
    this.extra = extra;
  }
}
class Square extends Shape {
  constructor(side, ms) {
    super(side, ms);
    this.side = side;
  }
}
function construct(side, ms) {
  const before = side * 2;
  const made = new Square(side, ms);
  return use(before, made, side);
}

function sumAll(first, ms) {
  let total = first;
  for (let i = 2; i < arguments.length; i++) total += arguments[i];
  wait(ms);
  return use(total, first, arguments.length);
}
function surplus(a, ms) {
  const before = a + 10;
  const got = sumAll(a, ms, 30, 40);
  return use(before, got, a);
}

function rest(ms, ...items) {
  const size = items.length;
  wait(ms);
  return size + items.length;
}
function restCaller(a, ms) {
  const got = rest(ms, a, 'two', 3.5);
  return use(got, a);
}

function each(list, ms) {
  let total = 1;
  list.forEach((item, index) => {
    total += item;
    wait(ms);
    use(index, item);
  });
  return use(total, list);
}

function big(seed, ms) {
  const wide = BigInt.asIntN(64, seed * 3n);
  const uns = BigInt.asUintN(64, seed + 7n);
  const state = wait(ms);
  return BigInt.asIntN(64, wide + BigInt.asIntN(64, uns)) + BigInt(use(state));
}

function items(ms, ...list) {
  const size = list.length;
  wait(ms);
  return size + list.length + (list[0] === 'x' ? 1 : 0);
}
function counted(first, ms) {
  const size = arguments.length;
  wait(ms);
  return size + arguments.length + arguments[0].length;
}

async function waiting(id, ms) {
  const twice = id * 2;
  const got = await twice;
  const rest = got + 0.5;
  wait(ms);
  return use(rest, twice, got, id);
}

function leave(ms) {
  if (ms > 1000) deoptimize(abandoned);
  wait(ms);
}
neverOptimize(leave);
function abandoned(amount, ms) {
  const twice = amount * 2;
  const half = amount / 2;
  leave(ms);
  return use(twice, half, amount);
}

const held = { hello: 'world' };
const cases = {
  plain: [plain, (ms) => plain.call(held, 7, 10.5, 'pear', ms)],
  inlined: [inlined, (ms) => inlined(new Box(6), 2, ms)],
  captured: [captured, (ms) => captured(3, 'why', ms)],
  construct: [construct, (ms) => construct(5, ms)],
  surplus: [surplus, (ms) => surplus(20, ms)],
  rest: [restCaller, (ms) => restCaller('one', ms)],
  each: [each, (ms) => each([4, 5, 6], ms)],
  items: [items, (ms) => items(ms, 'eins', 2)],
  counted: [counted, (ms) => counted('uno', ms, 'tre')],
  waiting: [
    waiting,
    (ms) => {
      waiting(21, ms);
      runMicrotasks();
    },
  ],
  abandoned: [abandoned, (ms) => abandoned(9, ms)],
  big: [big, (ms) => big(11n, ms)],
};
const [subject, run] = cases[scenario];
for (const fn of [
  subject,
  Box.prototype.leaf,
  Box.prototype.mid,
  sumAll,
  rest,
  Shape,
  Square,
  counted,
  items,
])
  prepare(fn);
for (let i = 0; i < 20; i++) run(0);
optimizeOnNextCall(subject);
run(0);
fs.writeSync(1, 'ready\n');
run(1e9);
