import { createRequire } from 'node:module';
import { Worker, isMainThread } from 'node:worker_threads';
import { ready } from '../../ready.mjs';

const faults = createRequire(import.meta.url)(process.env.SLEEPER_FAULTS);

function resize(image) {
  faults.segv(image); // @crash
}

if (isMainThread) {
  new Worker(new URL(import.meta.url));
  setInterval(() => {}, 1000);
} else {
  ready();
  setTimeout(() => resize({ name: 'cat.png' }), 1);
}
