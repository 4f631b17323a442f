// Functions that never stay long at an await: each takes a turn, and waits for a moment, again and again.
const fs = require('node:fs');

const queue = [];
let isFree = true;
function take() {
  if (isFree) {
    isFree = false;
    return Promise.resolve();
  }
  return new Promise((resolve) => queue.push(resolve));
}
function give() {
  const next = queue.shift();
  if (next === undefined) isFree = true;
  else next();
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function work(number) {
  for (;;) {
    await take();
    await pause(number % 3);
    give();
    await pause(number % 7);
  }
}
async function run() {
  await Promise.all(Array.from({ length: 40 }, (_, number) => work(number)));
}
void run();
setImmediate(() => fs.writeSync(3, '.'));
