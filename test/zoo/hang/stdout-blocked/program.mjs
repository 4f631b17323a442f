import fs from 'node:fs';
import { ready } from '../../ready.mjs';

function report(order) {
  const line = `${order.id} ${'-'.repeat(1_000)}\n`;
  fs.writeSync(1, line); // @stuck
}

function exportAll(count) {
  for (let i = 0; i < count; i++) report({ id: `A-${i}` }); // @call
}

ready();
exportAll(1_000_000);
