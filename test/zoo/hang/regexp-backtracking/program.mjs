import { ready } from '../../ready.mjs';

const sku = /^([a-z0-9]+-?)+$/;

function checkSku(text) {
  const trimmed = text.trim();
  return sku.test(trimmed); // @stuck
}

function importRow(row) {
  const column = 'sku';
  return checkSku(row[column]); // @call
}

ready();
console.log(importRow({ sku: ' lamp1lamp2lamp3lamp4lamp5lamp6lamp7lamp8! ', stock: 4 }));
