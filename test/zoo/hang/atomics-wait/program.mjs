import { ready } from '../../ready.mjs';

class Lock {
  constructor(name) {
    this.name = name;
    this.cell = new Int32Array(new SharedArrayBuffer(4));
  }

  acquire(owner) {
    const held = 0;
    const outcome = Atomics.wait(this.cell, 0, held); // @stuck
    return `${owner}: ${outcome}`;
  }
}

function reserveSeat(lock, seat) {
  const row = seat.charCodeAt(0) - 64;
  const answer = lock.acquire(`seat ${seat}`); // @call
  return { row, answer };
}

ready();
console.log(reserveSeat(new Lock('seats'), 'C7'));
