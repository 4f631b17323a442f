import { ready } from '../../ready.mjs';

async function fetchStock(warehouse) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const error = new TypeError(`warehouse ${warehouse} did not answer`); // @thrown
  throw Object.assign(error, { code: 'E_NO_STOCK', warehouse });
}

async function reserve(order) {
  return { order, stock: await fetchStock(order.warehouse) };
}

ready();
void reserve({ id: 'A-18', warehouse: 'north' });
