// Every kind of value in a local variable of a function that stands in a call. The function is the caller's to compile.
'use strict';
const fs = require('node:fs');
const { tell } = require('./tell.cjs');

class Base {
  #secret = 5;
  constructor(id) {
    this.id = id;
  }
  static tellPrivate(object) {
    return [`#secret: ${object.#secret}`];
  }
}
class Derived extends Base {
  own = true;
}
function* counting(from) {
  const next = from + 1;
  yield next;
}
const kept = { k: 2 };
const proxied = new Proxy({ inner: 1 }, { get: () => process.exit(99) });
const outside = fs.readFileSync(__filename, 'latin1').slice(0, 3000);
const text = 'the quick brown fox jumps over the lazy dog';

/** @param stop called with the variables by name, to tell of them and to stand still */
function kinds(stop, small, half, large) {
  // Numbers in every form that a compiler gives them.
  const smi = small - 8;
  const int32 = small * 1_500_000_000;
  const uint32 = (int32 * 2) >>> 0;
  const double = half + 0.25;
  const huge = large * 1e300;
  const minusZero = -0 * small;
  const nan = small / 'x';
  const infinite = small / 0;
  const yes = small === 1;
  const no = small !== 1;
  const nothing = null;
  const missing = undefined;
  const bigSmall = BigInt.asIntN(64, BigInt(small) - 6n);
  const bigUnsigned = BigInt.asUintN(64, BigInt(small) + 2n ** 63n);
  const big = 2n ** 70n + BigInt(small);
  const bigNegative = -(2n ** 130n);
  // Strings in every representation of V8's.
  const plain = 'plain';
  const twoByte = 'żółw 🐢';
  const sliced = text.slice(small + 3, 40);
  const cons = sliced + ' and then some more text';
  const flat = (cons + small).replaceAll('x', 'y');
  const thin = ['thin', small].join('-') + '-and-long-enough';
  const external = outside;
  const single = text[small];
  const empty = plain.slice(9);
  const number = String(int32);
  const symbol = Symbol('tag');
  const wellKnown = Symbol.iterator;
  // Arrays of every kind of elements.
  const smis = [1, 2, 3];
  const doubles = [1.5, half];
  const objects = [1, 'two', [3]];
  const holes = [1, , 3];
  const holeyDoubles = [1.5, , 2.5];
  const holeyObjects = ['a', , {}];
  const far = Array.from({ length: 3 });
  far[2_000_000] = 1;
  const frozen = Object.freeze([1, 2]);
  const sealed = Object.seal(['a']);
  const fixed = Object.preventExtensions([true]);
  const match = /o(?<what>.)/.exec('fox');
  // Objects.
  const literal = { id: small, half, nested: { deep: [small] } };
  const derived = new Derived('A-17');
  const indexed = { 3: 'c', 1: 'a', name: 'both' };
  const nullProto = Object.assign(Object.create(null), { k: 1 });
  const dictionary = { a: 1, b: 2, c: 3 };
  const getter = {
    get trap() {
      return process.exit(98);
    },
  };
  const map = new Map([['k', { v: 1 }]]);
  const set = new Set([1, 'b']);
  const weak = new WeakRef(kept);
  const date = new Date(1_000_000_000_123);
  const noDate = new Date(NaN);
  const regexp = /x+\/y/dgimsuy;
  const error = Object.assign(new TypeError('bad input', { cause: kept }), { code: 'E_BAD' });
  const boxed = Object(small);
  const proxy = proxied;
  const fn = counting;
  const arrow = () => small;
  const bound = counting.bind(null, 1);
  const cls = Derived;
  // Bytes.
  const bytes = new Uint8Array([1, 2, 255]);
  const clamped = new Uint8ClampedArray([300]);
  const floats = new Float64Array([0.5, -2]);
  const singles = new Float32Array([1.5]);
  const shorts = new Int16Array([-5, 7]);
  const words = new Uint32Array([4_000_000_000]);
  const bigs = new BigInt64Array([-9n]);
  const buffer = Buffer.from('hello');
  const part = buffer.subarray(1, 3);
  const arrayBuffer = new ArrayBuffer(16);
  const shared = new SharedArrayBuffer(8);
  const view = new DataView(arrayBuffer, 2, 4);
  delete dictionary.b;
  ({})[thin];
  stop({
    smi, int32, uint32, double, huge, minusZero, nan, infinite, yes, no, nothing, missing, bigSmall, bigUnsigned, big,
    bigNegative, plain, twoByte, sliced, cons, flat, thin, external, single, empty, number, symbol, wellKnown, smis, doubles,
    objects, holes, holeyDoubles, holeyObjects, far, frozen, sealed, fixed, match, literal, derived, indexed, nullProto,
    dictionary, getter, map, set, weak, date, noDate, regexp, error, boxed, proxy, fn, arrow, bound, cls, bytes, clamped,
    floats, singles, shorts, words, bigs, buffer, part, arrayBuffer, shared, view,
  });
  // All of them are needed afterwards: none may be thrown away before.
  return [
    smi, int32, uint32, double, huge, minusZero, nan, infinite, yes, no, nothing, missing, bigSmall, bigUnsigned, big,
    bigNegative, plain, twoByte, sliced, cons, flat, thin, external, single, empty, number, symbol, wellKnown, smis, doubles,
    objects, holes, holeyDoubles, holeyObjects, far, frozen, sealed, fixed, match, literal, derived, indexed, nullProto,
    dictionary, getter, map, set, weak, date, noDate, regexp, error, boxed, proxy, fn, arrow, bound, cls, bytes, clamped,
    floats, singles, shorts, words, bigs, buffer, part, arrayBuffer, shared, view,
  ];
}

/** @returns what the program says of each variable */
function tellAll(variables) {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, tell(value)]));
}
module.exports = { kinds, tellAll };
