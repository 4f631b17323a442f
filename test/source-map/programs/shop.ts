import { writeSync } from 'node:fs';
import { awaitCustomer, PriceList } from './pricing.ts';

Object.assign(globalThis, { ready: () => writeSync(3, '.') });

async function openShop(shopName: string): Promise<void> {
  const greeting = await awaitCustomer(shopName); // @opens
  throw new Error(greeting);
}

void openShop('corner');
setImmediate(function closeTill() {
  new PriceList(3).totalOf([{ sku: 'desk', amount: 499 }], 'EUR'); // @calls
});
