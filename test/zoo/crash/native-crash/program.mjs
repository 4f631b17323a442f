import { createRequire } from 'node:module';
import { ready } from '../../ready.mjs';

const faults = createRequire(import.meta.url)(process.env.SLEEPER_FAULTS);

function decode(frame, quality) {
  const scaled = quality * 2;
  faults.segv(frame, scaled); // @crash
}

setTimeout(() => {
  ready();
  decode({ id: 'f-17' }, 21);
}, 1);
