// A loop that never ends, optimised while it runs, in which every variable follows from `turn`. It checks itself, too.
'use strict';
const fs = require('node:fs');

class Pair {
  constructor(left, right) {
    this.left = left;
    this.right = right;
  }
}
const kept = [null, null];

function loop(words, table) {
  let turn = 0;
  let mixed = 0x5a5a;
  let half = 0;
  let root = 0.5;
  let pair = new Pair(0, -0.5);
  let word = words[0];
  let value = table.get(word);
  let broken = 0;
  for (;;) {
    if (mixed !== ((turn * 5) ^ 0x5a5a) || half !== turn / 2 || root < half) broken++;
    if (pair.left !== turn || value !== (turn % words.length) * 10) broken++;
    if (word.length !== (turn % words.length) + 1) broken++;
    turn = (turn + 1) & 0xfffff;
    mixed = (turn * 5) ^ 0x5a5a;
    half = turn / 2;
    root = Math.sqrt(half * half + 0.25);
    pair = new Pair(turn, -half - 0.5);
    kept[turn & 1] = pair;
    word = words[turn % words.length];
    value = table.get(word);
    if (half < 0) break;
  }
  return root + broken + mixed + value + word + pair.right;
}

const words = ['a', 'bb', 'ccc'];
fs.writeSync(3, '.');
loop(words, new Map(words.map((word, i) => [word, i * 10])));
