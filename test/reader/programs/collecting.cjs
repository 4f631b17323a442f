// Collects its whole heap again and again, with work of its own in between. --expose-gc; argument: objects kept.
const fs = require('node:fs');

function fill(count) {
  return Array.from({ length: count }, (_, id) => ({ id, name: `user ${id}` }));
}

function serve(users, settings) {
  const last = users[users.length - 1];
  let served = 0;
  for (;;) {
    gc();
    for (let i = 0; i < settings.work; i++) served = (served + last.id) % 1_000_003;
  }
}

const users = fill(Number(process.argv[2]));
fs.writeSync(3, '.');
serve(users, { work: 3_000_000, name: 'shop' });
