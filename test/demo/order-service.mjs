/**
 * A small order service, as one could meet it anywhere, with three mistakes that testing did not find: a coupon
 * that can never bring the price down far enough, a supplier list read with a blocking call, and a payment error
 * thrown where nobody catches it. Prints the address it listens on.
 */
import fs from 'node:fs';
import http from 'node:http';
import { setImmediate } from 'node:timers';

const catalogue = new Map([
  ['lamp', { name: 'Desk lamp', price: 39.5, stock: 12 }],
  ['desk', { name: 'Oak desk', price: 420, stock: 3 }],
  ['chair', { name: 'Chair', price: 95.25, stock: 40 }],
]);

class Coupon {
  /**
   * @param code     what the customer types
   * @param percent  taken off the price each time it is applied
   * @param target   stackable: applied until the price is at most this
   */
  constructor(code, percent, target) {
    this.code = code;
    this.percent = percent;
    this.target = target;
  }
}

const coupons = new Map([
  ['SPRING10', new Coupon('SPRING10', 10, 80)],
  ['CLEARANCE', new Coupon('CLEARANCE', 25, 60)],
  ['WELCOME', new Coupon('WELCOME', 0, 100)], // mistake 1: nought percent off, again and again
]);

class PaymentError extends Error {
  name = 'PaymentError';

  constructor(message, orderId, options) {
    super(message, options);
    this.orderId = orderId;
    this.retryable = false;
  }
}

class OrderBook {
  orders = new Map();
  nextNumber = 1001;

  add(customer, lines, total) {
    const id = `A-${this.nextNumber++}`;
    const order = { id, customer, lines, total };
    this.orders.set(id, order);
    return order;
  }
}

const book = new OrderBook();

/** Applies a coupon until the price is at most its target. */
function applyDiscount(fullPrice, coupon) {
  const factor = 1 - coupon.percent / 100;
  const history = new Map();
  let price = fullPrice;
  let round = 0;
  while (price > coupon.target) {
    price = Math.round(price * factor * 100) / 100;
    round = (round + 1) % 1000;
    history.set(round % 4, price); // the last four steps, for the receipt
  }
  return { price, steps: [...history.values()] };
}

function priceOrder(lines, couponCode) {
  const coupon = coupons.get(couponCode);
  let subtotal = 0;
  for (const { sku, quantity } of lines) {
    subtotal += catalogue.get(sku).price * quantity;
  }
  const shipping = subtotal > 400 ? 0 : 14.9;
  const fullPrice = subtotal + shipping;
  if (coupon === undefined) return { price: fullPrice, steps: [] };
  const discounted = applyDiscount(fullPrice, coupon);
  return { ...discounted, shipping };
}

function createOrder({ customer, lines, coupon }) {
  const { price } = priceOrder(lines, coupon);
  return book.add(customer, lines, price);
}

/** Reads what a supplier has put into its file. */
function readSupplierList(supplier) {
  const buffer = Buffer.alloc(256);
  const fd = fs.openSync(supplier.path, 'r+');
  const length = fs.readSync(fd, buffer, 0, buffer.length); // mistake 2: a FIFO that nobody writes to
  return buffer.toString('utf8', 0, length).trim().split('\n');
}

function importStock({ supplier, path }) {
  const startedAt = new Date();
  const names = readSupplierList({ name: supplier, path });
  return { supplier, names, startedAt };
}

function chargeCard(card, amount) {
  if (card.expires < '2026-01') throw new RangeError(`card ending in ${card.last4} has expired`);
  return { card: card.last4, amount };
}

function settle(order, card) {
  try {
    return chargeCard(card, order.total);
  } catch (cause) {
    throw new PaymentError(`order ${order.id} cannot be paid`, order.id, { cause });
  }
}

/** Payments are settled after the answer has gone out. */
function payOrder({ orderId, card }) {
  const order = book.orders.get(orderId);
  setImmediate(() => settle(order, card)); // mistake 3: nobody catches what this throws
  return { orderId, state: 'accepted' };
}

const routes = new Map([
  ['POST /orders', createOrder],
  ['POST /imports', importStock],
  ['POST /payments', payOrder],
  ['GET /orders', () => [...book.orders.values()]],
]);

async function answer(request, response) {
  const route = routes.get(`${request.method} ${request.url}`);
  let text = '';
  for await (const chunk of request) text += chunk;
  const result = route?.(text === '' ? {} : JSON.parse(text)) ?? { error: 'no such route' };
  response.writeHead(route === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(result));
}

const server = http.createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => {
  console.log(`order service listens on http://127.0.0.1:${server.address().port}`);
});
