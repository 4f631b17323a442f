// Goes round through very different work, always below the functions round and work; the reader looks at random moments.
'use strict';
const fs = require('node:fs');
const kinds = {
  sorting: () => Array.from({ length: 3000 }, (_, i) => ({ v: (i * 7919) % 3001 })).sort((a, b) => a.v - b.v).length,
  matching: () => /(\w+) (\w+)!/.test('a few words and more '.repeat(400)) || 'x'.repeat(5000).replace(/x/g, 'yz').length,
  parsing: () => JSON.parse(JSON.stringify(Array.from({ length: 2000 }, (_, i) => ({ i, s: 's' + i })))).length,
  collecting: () => {
    const map = new Map();
    for (let i = 0; i < 20000; i++) map.set('k' + i, { i, list: [i] });
    return map.size;
  },
  numbers: () => {
    let sum = 0;
    for (let i = 0; i < 200000; i++) sum = (sum + Math.sqrt(i) * 3) % 1000003;
    return sum;
  },
  files: () => fs.readFileSync(__filename, 'utf8').split('\n').length,
  generating: () => {
    function* count(n) {
      for (let i = 0; i < n; i++) yield i;
    }
    return [...count(20000)].length;
  },
};
function work(kind, turn) {
  const started = turn;
  return kinds[kind]() + started;
}
function round(turn) {
  let total = 0;
  for (const kind of Object.keys(kinds)) total += work(kind, turn);
  return total;
}
fs.writeSync(3, '.');
for (let turn = 0; ; turn++) round(turn);
