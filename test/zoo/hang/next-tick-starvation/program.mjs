import { ready } from '../../ready.mjs';

function parseChunk(size) {
  let sum = 0;
  for (let i = 0; i < size; i++) sum = (sum * 31 + i) % 65_521; // @stuck
  return sum;
}

function pump(queue) {
  const sum = parseChunk(queue.chunkSize); // @stuck
  process.nextTick(pump, { name: queue.name, chunkSize: 20, sum }); // @stuck
}

ready();
pump({ name: 'uploads', chunkSize: 20 });
