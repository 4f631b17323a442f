// Every kind of value under a name that tells it, in the locals of one function that stands still.
import { ready } from '../../zoo/ready.mjs';

class Base {
  #secret = 5;
  constructor(id) {
    this.id = id;
  }
  reveal() {
    return this.#secret;
  }
}
class Derived extends Base {
  constructor() {
    super('A-17');
    this.own = true;
  }
}
function stand(holder) {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  ready();
  Atomics.wait(cell, 0, 0);
  return holder;
}
function main() {
  const sliced = 'the quick brown fox jumps over the lazy dog'.slice(4, 40);
  const cons = sliced + ' and then some more text that makes it long enough';
  const holder = {
    smi: -7,
    double: -1.5,
    minusZero: -0,
    nan: NaN,
    yes: true,
    no: false,
    nothing: null,
    missing: undefined,
    text: 'plain',
    unicode: 'żółw',
    sliced,
    cons,
    long: 'x'.repeat(5000),
    big: 2n ** 70n,
    negativeBig: -5n,
    symbol: Symbol('tag'),
    array: [1, 'two', [3]],
    doubles: [1.5, 2.5],
  };
  const more = {
    sparse: [1, , 3],
    frozen: Object.freeze([1, 2]),
    derived: new Derived(),
    nullProto: Object.assign(Object.create(null), { k: 1 }),
    dictionary: Object.fromEntries(Array.from({ length: 40 }, (_, i) => ['key' + i, i])),
    map: new Map([['k', { v: 1 }]]),
    set: new Set([1, 'b']),
    date: new Date(0),
    regexp: /x+/giu,
    error: Object.assign(new TypeError('bad input'), { code: 'E_BAD' }),
    pending: new Promise(() => {}),
    fulfilled: Promise.resolve(7),
    proxy: new Proxy({ inner: 1 }, { get: () => process.exit(99) }),
    getter: {
      get trap() {
        return process.exit(98);
      },
    },
  };
  delete more.dictionary.key3;
  const binary = {
    buffer: Buffer.from('hello'),
    bytes: new Uint8Array([1, 2, 255]),
    floats: new Float64Array([0.5, -2]),
    huge: new Uint8Array(200 << 20),
    arrayBuffer: new ArrayBuffer(16),
    fn: stand,
    cls: Derived,
    arrow: () => holder,
  };
  const cyclic = { name: 'loop' };
  cyclic.self = cyclic;
  return [stand(holder), more, binary, cyclic, { spare: 1 }];
}
main();
