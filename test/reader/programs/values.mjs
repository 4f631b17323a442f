// Every kind of value under a name that tells it, in the locals of one function that stands still.
import { ready } from '../../zoo/ready.mjs';

/** As queues have it: what it belongs to comes first. */
class Job {
  queue = new (class Queue {
    listeners = { completed: [1, 2], failed: [], stalled: null };
    address = 'queue.internal.example.org:6379';
    name = 'mails';
  })();
  name = 'welcome';
  data = { to: 'ann' };
  options = { attempts: 3, delay: 5_000, priority: 0, removeOnComplete: true, keep: 500 };
  tags = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh'];
  about = 'a mail that is sent to whoever has registered, once';
  trace = 'c0ffee5d7f30c0ffee5d7f30c0ffee5d7f30c0ffee5d7f30c0ffee';
  progress = 0;
  id = '17';
}

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
function* counts(from) {
  const next = from + 1;
  yield next;
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
  const far = [];
  far[10000000] = 1;
  far[5] = 2;
  const kept = { k: 2 };
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

  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  const others = {
    sparseDoubles: [1.5, , 2.5],
    farApart: far,
    boxed: [Object(1), Object('s'), Object(5n)],
    weak: new WeakRef(kept),
    deletedFrom: new Map([
      [1, 1],
      [2, 2],
      [3, 3],
    ]),
    laterDate: new Date(1000000000123),
    noDate: new Date(NaN),
    revoked: revocable.proxy,
    fresh: counts(1),
    halfway: counts(3),
    finished: counts(2),
  };
  others.deletedFrom.delete(2);
  others.halfway.next();
  for (const _ of others.finished);
  const binary = {
    buffer: Buffer.from('hello'),
    bytes: new Uint8Array([1, 2, 255]),
    floats: new Float64Array([0.5, -2]),
    huge: new Uint8Array(200 << 20),
    arrayBuffer: new ArrayBuffer(16),
    part: Buffer.from('0123456789').subarray(2, 5),
    shorts: new Int16Array([-5, 7]),
    bigs: new BigInt64Array([-9n]),
    dataView: new DataView(new ArrayBuffer(8), 2, 4),
    detached: new Uint8Array(8),
    bound: stand.bind(null),
    fn: stand,
    cls: Derived,
    arrow: () => holder,
  };
  structuredClone(binary.detached.buffer, { transfer: [binary.detached.buffer] });
  const cyclic = { name: 'loop' };
  cyclic.self = cyclic;
  const job = new Job();
  return [stand(holder), more, binary, cyclic, others, kept, job, { spare: 1 }];
}
main();
