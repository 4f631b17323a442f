import { ready } from '../../ready.mjs';

const started = Date.now();
let jumps = 0;
let before = started;
setInterval(() => {
  const now = Date.now();
  if (Math.abs(now - before) > 600_000 && ++jumps === 2) ready();
  before = now;
}, 100);
