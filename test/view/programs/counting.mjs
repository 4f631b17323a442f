// A loop without end whose counter tells that it moves; tasks that wait meanwhile.
import { ready } from '../../zoo/ready.mjs';

async function placeOrder(id) {
  await new Promise(() => {}); // @waits
  return id;
}

function sum(limit) {
  let n = 0;
  while (n !== limit) n = n + 1; // @loop
  return n;
}

function report(title) {
  return `${title}: ${sum(-1)}`;
}

globalThis.orders = [1, 2, 3].map((id) => placeOrder(id));
setTimeout(() => {
  ready();
  report('orders');
}, 10);
