import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { ready } from '../../ready.mjs';

function resize(image) {
  if (image.width < 0) throw new RangeError(`width ${image.width} of ${image.name}`); // @thrown
  return image.width;
}

if (isMainThread) {
  new Worker(new URL(import.meta.url), { workerData: { name: 'cat.png', width: -3 } });
} else {
  ready();
  setImmediate(resize, workerData);
}
