// A loop that never ends and that the optimising compiler takes over while it runs.
'use strict';
const fs = require('node:fs');

class Coupon {
  constructor(code, percent) {
    this.code = code;
    this.percent = percent;
  }
}
function priceOf(item, coupon) {
  return (item.price * (100 - coupon.percent)) / 100;
}
function findDiscount(cart, target, coupon) {
  let steps = 0;
  let best = Infinity;
  const tag = 'T-' + coupon.code;
  for (;;) {
    const item = cart.items[steps % cart.items.length];
    const gap = Math.abs(priceOf(item, coupon) - target);
    if (gap < best) best = gap;
    if (best === 0) break;
    steps++;
  }
  return best + tag;
}
function checkout(order) {
  const cart = { items: [{ price: 10 }, { price: 20.5 }], owner: 'ann' };
  return findDiscount(cart, order.target, new Coupon('XMAS', 15));
}
fs.writeSync(3, '.');
checkout({ id: 'A-17', target: 1e9 });
