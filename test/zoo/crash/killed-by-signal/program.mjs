import { spawn } from 'node:child_process';
import { ready } from '../../ready.mjs';

/** As an orchestrator does when its patience has ended. */
function killFromOutside() {
  spawn('kill', ['-KILL', String(process.pid)]);
}

ready();
setInterval(() => {}, 1_000);
setTimeout(killFromOutside, 500);
