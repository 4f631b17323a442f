// Goes round through very different work, always below the functions round and work; the reader looks at random moments.
// In `known` the program says itself which of its functions it is in: how many, then their numbers from the outermost in.
'use strict';
const fs = require('node:fs');
const names = [
  ...['round', 'work', 'sorting', 'compare', 'matching', 'doubled', 'parsing', 'named', 'collecting'],
  ...['numbers', 'files', 'trimmed', 'generating', 'count', 'recursing'],
];
const known = new Int32Array(10);
function enter(number) {
  known[known[0] + 1] = number;
  known[0]++;
}
function leave() {
  known[0]--;
}
const number = Object.fromEntries(names.map((name, i) => [name, i]));

function compare(a, b) {
  enter(number.compare);
  const difference = a.v - b.v;
  leave();
  return difference;
}
function sorting() {
  return Array.from({ length: 3000 }, (_, i) => ({ v: (i * 7919) % 3001 })).sort(compare).length;
}
function doubled(letter) {
  enter(number.doubled);
  const text = letter + letter;
  leave();
  return text;
}
function matching() {
  return /(\w+) (\w+)!/.test('a few words and more '.repeat(400)) || 'x'.repeat(5000).replace(/x/g, doubled).length;
}
function named(key, value) {
  enter(number.named);
  const kept = key === '' ? value : value;
  leave();
  return kept;
}
function parsing() {
  return JSON.parse(JSON.stringify(Array.from({ length: 1000 }, (_, i) => ({ i, s: 's' + i }))), named).length;
}
function collecting() {
  const map = new Map();
  for (let i = 0; i < 3000; i++) map.set('k' + i, { i, list: [i] });
  return map.size;
}
function numbers() {
  let sum = 0;
  for (let i = 0; i < 30000; i++) sum = (sum + Math.sqrt(i) * 3) % 1000003;
  return sum;
}
function trimmed(line) {
  enter(number.trimmed);
  const text = line.trim();
  leave();
  return text;
}
function files() {
  return fs.readFileSync(__filename, 'utf8').split('\n').map(trimmed).length;
}
function* count(n) {
  enter(number.count);
  for (let i = 0; i < n; i++) {
    leave();
    yield i;
    enter(number.count);
  }
  leave();
}
function generating() {
  return [...count(8000)].length;
}
function recursing(n = 5) {
  if (n === 0) return 1;
  enter(number.recursing);
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += recursing(n - 1);
  leave();
  return sum;
}
const kinds = { sorting, matching, parsing, collecting, numbers, files, generating, recursing };

function work(kind, turn) {
  enter(number.work);
  const started = turn;
  // recursing() enters itself, each time.
  if (kind !== 'recursing') enter(number[kind]);
  const result = kinds[kind]() + started;
  if (kind !== 'recursing') leave();
  leave();
  return result;
}
function round(turn) {
  enter(number.round);
  let total = 0;
  for (const kind of Object.keys(kinds)) total += work(kind, turn);
  leave();
  return total;
}
fs.writeSync(3, '.');
for (let turn = 0; ; turn++) round(turn);
