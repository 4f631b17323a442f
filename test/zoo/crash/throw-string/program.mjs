import { ready } from '../../ready.mjs';

function checkStock(sku) {
  throw `no stock of ${sku}`;
}

ready();
setTimeout(() => checkStock('lamp-2'), 1);
