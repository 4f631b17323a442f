import { ready } from '../../ready.mjs';

function loadCatalog(text) {
  const label = 'catalog';
  return { label, items: JSON.parse(text) }; // @stuck
}

const text = `[${'{"sku":"lamp","price":[1,2,3]},'.repeat(8_000_000)}1]`;
ready();
for (;;) loadCatalog(text); // @call
