// A loop in optimised code that takes a rare path in every turn, which the compiler put behind the code of `behind`.
'use strict';
const fs = require('node:fs');
const [tier] = process.argv.slice(2);
const compile = new Function('f', tier === 'maglev' ? '%OptimizeMaglevOnNextCall(f)' : '%OptimizeFunctionOnNextCall(f)');
new Function('f', '%PrepareFunctionForOptimization(f)')(stores);
new Function('f', '%NeverOptimizeFunction(f)')(behind);

function behind(box) {
  return box.item;
}
function stores(box, rounds) {
  for (let i = 0; i !== rounds; i++) { // @loop
    // A young object in an old one: the collector must be told.
    box.item = { i }; // @store
  }
  return behind(box);
}

const old = { item: null };
for (let i = 0; i < 4; i++) gc();
for (let i = 0; i < 3; i++) stores(old, 100);
compile(stores);
stores(old, 100);
fs.writeSync(3, '.');
stores(old, -1);
