import { ready } from '../../ready.mjs';

const cell = new Int32Array(new SharedArrayBuffer(4));

class Turnstile {
  constructor(gate) {
    this.gate = gate;
  }

  pass(ticket, awaited) {
    const half = ticket.price / 2;
    const outcome = Atomics.wait(cell, 0, awaited); // @wait
    return outcome.length + half;
  }
}

function admit(turnstile, tickets, awaited) {
  let admitted = 0;
  for (let i = 0; i < tickets.length; i++) {
    const ticket = tickets[i];
    admitted += turnstile.pass(ticket, awaited); // @pass
  }
  return admitted;
}

const tickets = [{ seat: 'B4', price: 25 }, { seat: 'B5', price: 31 }];
const turnstile = new Turnstile('west');
for (let i = 0; i < 100_000; i++) admit(turnstile, tickets, 1);
ready();
console.log(admit(turnstile, tickets, 0));
