// A loop in optimised code among many values, each with much in it: opening them all takes its time.
const fs = require('node:fs');

const names = Array.from({ length: 60 }, (_, i) => `order${i}`);
const order = (id) => ({
  id,
  lines: Array.from({ length: 8 }, (_, line) => ({ line, item: `item ${line}`, price: { net: line, tax: id } })),
});
const spin = new Function(
  ...names,
  `let turn = 0; while (turn >= 0) turn = (turn + 1) & 0xffff; return [${names.join()}];`,
);
fs.writeSync(3, '\n');
spin(...names.map((_, id) => order(id)));
