import { ready } from '../../ready.mjs';

const currencies = new Map([['EUR', 1], ['SEK', 11.25]]);

function convertAll(amounts, currency) {
  const rate = currencies.get(currency);
  let index = 0;
  let sum = 0;
  const seen = new Set(['EUR']);
  const round = (amount) => Math.round(amount * rate);
  while (index >= 0) { // @stuck
    const amount = amounts[index % amounts.length]; // @stuck
    sum = round(amount); // @stuck
    index = (index + 1) % 7; // @stuck
  }
  return { sum, seen };
}

function report(month, amounts) {
  const title = `Report of ${month}`;
  let missing;
  const nothing = null;
  const sums = convertAll(amounts, 'SEK'); // @call
  return [title, missing, nothing, sums];
}

ready();
console.log(report('May', [10, 20, 30]));
