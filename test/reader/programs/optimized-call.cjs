// An optimised function with others inlined into it, standing in a call: it was hot, then the call blocked.
'use strict';
const fs = require('node:fs');

class Cart {
  constructor(id) {
    this.id = id;
    this.items = [1, 2, 3];
  }
  total(rate) {
    const base = this.items.length * 100;
    const taxed = check(base * rate, this);
    return taxed + base;
  }
}
function check(amount, cart) {
  const limit = 500.5;
  return block(limit) + amount + cart.id;
}
function block(limit) {
  return fs.readSync(fifo, buffer, 0, wanted, null) + limit;
}
function run(rounds) {
  let sum = 0;
  const carts = [new Cart(7), new Cart(8)];
  for (let i = 0; i < rounds; i++) sum += carts[i & 1].total(1 + i / 8);
  return sum;
}
let wanted = 0;
const buffer = Buffer.alloc(8);
const fifo = fs.openSync(process.argv[2], 'r+');
for (let k = 0; k < 3000; k++) run(100);
setTimeout(function later() {
  wanted = 8;
  fs.writeSync(3, '.');
  run(5);
}, 1);
