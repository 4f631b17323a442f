import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ready } from '../../ready.mjs';

function publish(child, prices) {
  const message = { kind: 'prices', prices };
  return child.send(message); // @stuck
}

if (process.argv[2] === 'child') {
  process.send('here');
  process.once('message', () => {
    for (;;);
  });
} else {
  // A child that spins does not notice that its parent has gone.
  const lifeline = { execPath: 'setpriv', execArgv: ['--pdeathsig', 'KILL', process.execPath] };
  const child = fork(fileURLToPath(import.meta.url), ['child'], lifeline);
  child.once('message', () => {
    publish(child, []);
    for (let i = 0; i < 20; i++) publish(child, 'x'.repeat(200_000));
    setTimeout(ready, 100);
  });
}
