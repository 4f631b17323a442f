import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ready } from '../../ready.mjs';

const { stdin } = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });

/** As fast as the reader takes it; the turn of the loop in each round is what a request would bring. */
async function logOrders() {
  for (let id = 0; ; id++) {
    const line = JSON.stringify({ level: 30, time: Date.now(), id, text: 'x'.repeat(200) });
    if (!stdin.write(`${line}\n`)) await once(stdin, 'drain');
    if (id % 50 === 0) await nextTurn();
    if (id === 1_000) ready();
  }
}

void logOrders();
