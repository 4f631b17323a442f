import { ready } from '../../ready.mjs';

class Coupon {
  constructor(code, percent) {
    this.code = code;
    this.percent = percent;
  }
}

function findBestDiscount(prices, coupon, step) {
  const label = `best with ${coupon.code}`;
  let attempt = 1;
  while (attempt !== 0) attempt = (attempt + step) & 0xff; // @stuck
  return [label, prices, attempt];
}

function priceOrder(order, coupon) {
  const prices = order.items.map((item) => item.price);
  let total = 0;
  for (const price of prices) total += price;
  {
    const discount = findBestDiscount(prices, coupon, 2); // @call
    total -= discount.length;
  }
  return total;
}

const order = { id: 'A-17', items: [{ name: 'lamp', price: 40 }, { name: 'desk', price: 260.5 }] };
ready();
console.log(priceOrder(order, new Coupon('SPRING', 15)));
