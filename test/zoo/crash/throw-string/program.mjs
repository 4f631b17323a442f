import { ready } from '../../ready.mjs';

function checkStock(sku) {
  throw `no stock of ${sku}`; // @thrown
}

ready();
setTimeout(() => checkStock('lamp-2'), 1);
