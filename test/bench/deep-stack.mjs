/**
 * Thirty frames of its own with arguments and locals, every second of them optimised, and at the end of them a loop that
 * never ends (`busy`) or a call that never returns (`blocked`).
 */
import fs from 'node:fs';
import { setImmediate } from 'node:timers';

const depth = 30;

/** A chain of functions of different code, so that none is inlined into another: eval makes each a script function of its own. */
function makeChain(end) {
  let next = end;
  for (let level = depth; level >= 1; level--) {
    const inner = next;
    const make = new Function(
      'inner',
      `return function level${level}(order, total) {
        const item = { id: order.id, level: ${level}, tags: ['a', 'b'] };
        const sum = total + item.level;
        const result = inner(order, sum, item);
        return result + sum;
      }`,
    );
    next = make(inner);
    // Warm ones are compiled by the optimising compiler; without an end to come to they return at once.
    if (level % 2 === 0) warm(make(() => 0));
  }
  return next;
}

function warm(leaf) {
  for (let i = 0; i < 50_000; i++) leaf({ id: `w${i}` }, i);
}

const ends = {
  busy: () => {
    let turns = 0;
    for (;;) turns = (turns + 1) % 1_000_003;
  },
  blocked: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
};

const end = ends[process.argv[2]];
const chain = makeChain(end);
setImmediate(() => {
  fs.writeSync(1, 'ready\n');
  chain({ id: 'A-17', lines: [1, 2, 3] }, 0);
});
