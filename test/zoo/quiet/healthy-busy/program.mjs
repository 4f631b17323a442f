import { ready } from '../../ready.mjs';

function hashOrders(count) {
  let hash = 7;
  for (let i = 0; i < count; i++) hash = (hash * 31 + i) % 65_521;
  return hash;
}

function turn() {
  hashOrders(50_000);
  setImmediate(turn);
}

ready();
turn();
