import { ready } from '../../ready.mjs';

class Shelf {
  constructor(name, room) {
    this.name = name;
    this.room = room;
  }

  fill(boxes, limit) {
    const isFull = false;
    let placed = 0;
    const last = boxes.at(-1);
    while (!isFull || last === null) placed = (placed + 1) % limit; // @stuck
    return placed;
  }
}

function stock(shelf, ...boxes) {
  const weight = 12n;
  const marker = Symbol('stock');
  return [shelf.fill(boxes, 5), weight, marker]; // @call
}

ready();
console.log(stock(new Shelf('north', 3), 'box 1', 'box 2'));
