import { ready } from '../../ready.mjs';

const parts = {};

async function startCache(config) {
  const size = config.size * 2;
  await parts.queue; // @cache
  return size;
}

async function startQueue(config) {
  const depth = config.depth + 1;
  await parts.cache; // @stuck
  return depth;
}

setTimeout(async () => {
  await null;
  parts.cache = Promise.resolve().then(() => startCache({ size: 32 }));
  parts.queue = Promise.resolve().then(() => startQueue({ depth: 4 }));
  setImmediate(ready);
});
setInterval(() => {}, 60_000);
