import { createRequire } from 'node:module';
import { ready } from '../../ready.mjs';

const faults = createRequire(import.meta.url)(process.env.SLEEPER_FAULTS);

function flatten(tree) {
  faults.overflow(tree); // @crash
}

setTimeout(() => {
  ready();
  flatten({ depth: 9 });
}, 1);
