import { ready } from '../../ready.mjs';

function pollStock(item) {
  let hash = item.id;
  for (let i = 0; i < 20_000; i++) hash = (hash * 31 + i) % 65_521; // @stuck
  item.stock = hash; // @stuck
}

for (let id = 0; id < 2_000; id++) setInterval(pollStock, 1, { id, stock: 0 });
ready();
