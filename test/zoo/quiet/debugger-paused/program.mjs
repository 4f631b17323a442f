import { spawn } from 'node:child_process';
import inspector from 'node:inspector';
import { ready } from '../../ready.mjs';

function applyCoupon(cart, coupon) {
  const percent = coupon.length;
  debugger; // @stuck
  return cart.total * percent;
}

inspector.open(0, '127.0.0.1');
const { host } = new URL(inspector.url());
const client = spawn(process.execPath, ['inspect', host]);
let said = '';
client.stdout.on('data', (text) => {
  said += text;
  if (!said.includes('debug>')) return;
  client.stdout.removeAllListeners('data');
  ready();
  applyCoupon({ total: 25 }, 'XMAS');
});
