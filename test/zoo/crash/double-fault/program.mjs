import { ready } from '../../ready.mjs';

function closeAll(state) {
  const left = 2;
  state.socket.end(left); // @second
}

function pay(order) {
  throw new TypeError(`no price for ${order}`); // @first
}

process.on('uncaughtException', () => closeAll({ name: 'db' }));
ready();
setTimeout(() => pay('A-17'), 1);
