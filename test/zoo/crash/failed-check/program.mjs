import { createRequire } from 'node:module';
import { ready } from '../../ready.mjs';

const faults = createRequire(import.meta.url)(process.env.SLEEPER_FAULTS);

function sort(list) {
  faults.failedCheck(list); // @crash
}

setTimeout(() => {
  ready();
  sort([3, 1, 2]);
}, 1);
