import { ready } from '../../ready.mjs';

function mix(seed, stop) {
  let value = seed & 0xff;
  while (value !== stop) value = (value + 2) & 0xff; // @stuck
  return value;
}

function weigh(parcel, stop) {
  const grams = parcel.grams + 1;
  return mix(grams, stop) + grams; // @weigh
}

function sumAll(parcels, stop) {
  let sum = 0;
  for (const parcel of parcels) sum += weigh(parcel, stop); // @sum
  return sum;
}

const parcels = [{ id: 'P-1', grams: 101 }, { id: 'P-2', grams: 203 }];
for (let i = 0; i < 100_000; i++) sumAll(parcels, 10);
ready();
console.log(sumAll(parcels, 11));
