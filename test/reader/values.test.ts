/** Every kind of JavaScript value, read out of real processes by name. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Value } from '#dist/report/schema.js';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { frameOf, mainThread, program, read, valueOf } from './reading.ts';

const holder = {
  smi: ['number', '-7'],
  double: ['number', '-1.5'],
  minusZero: ['number', '-0'],
  nan: ['number', 'NaN'],
  yes: ['boolean', 'true'],
  no: ['boolean', 'false'],
  nothing: ['null', 'null'],
  missing: ['undefined', 'undefined'],
  text: ['string', '"plain"'],
  unicode: ['string', '"żółw"'],
  sliced: ['string', '"quick brown fox jumps over the lazy "'],
  cons: [
    'string',
    '"quick brown fox jumps over the lazy  and then some more text that makes it long enough"',
  ],
  long: ['string', `"${'x'.repeat(200)}"… (5000 characters)`],
  big: ['bigint', '1180591620717411303424n'],
  negativeBig: ['bigint', '-5n'],
  symbol: ['symbol', 'Symbol(tag)'],
  array: ['array', '[1, "two", [3]]'],
  doubles: ['array', '[1.5, 2.5]'],
} as const;

const more = {
  sparse: ['array', '[1, <1 empty>, 3]'],
  frozen: ['array', '[1, 2]'],
  derived: ['object', 'Derived {#secret: 5, id: "A-17", own: true}'],
  nullProto: ['object', '[Object: null prototype] {k: 1}'],
  map: ['map', 'Map(1) {"k" => {v: 1}}'],
  set: ['set', 'Set(2) {1, "b"}'],
  date: ['date', 'Date(1970-01-01T00:00:00.000Z)'],
  regexp: ['regexp', '/x+/giu'],
  error: ['error', 'TypeError: bad input'],
  pending: ['promise', 'Promise {<pending>}'],
  fulfilled: ['promise', 'Promise {<fulfilled>: 7}'],
  proxy: ['proxy', 'Proxy of {inner: 1}'],
  getter: ['object', '{trap: [getter]}'],
} as const;

const binary = {
  buffer: ['typed-array', '<Buffer 68 65 6c 6c 6f>'],
  bytes: ['typed-array', 'Uint8Array(3) [1, 2, 255]'],
  floats: ['typed-array', 'Float64Array(2) [0.5, -2]'],
  huge: ['typed-array', 'Uint8Array(209715200) [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, …]'],
  arrayBuffer: ['array-buffer', 'ArrayBuffer(16 bytes)'],
  part: ['typed-array', '<Buffer 32 33 34>'],
  shorts: ['typed-array', 'Int16Array(2) [-5, 7]'],
  bigs: ['typed-array', 'BigInt64Array(1) [-9n]'],
  dataView: ['object', 'DataView(4 bytes)'],
  detached: ['typed-array', 'Uint8Array(0) []'],
  bound: ['function', '[Function bound stand]'],
  fn: ['function', '[Function stand]'],
  cls: ['function', '[class Derived]'],
  arrow: ['function', '[Function arrow]'],
} as const;

const others = {
  sparseDoubles: ['array', '[1.5, <1 empty>, 2.5]'],
  farApart: ['array', '[<5 empty>, 2, <9999994 empty>, 1]'],
  boxed: ['array', '[[Number: 1], [String: "s"], [BigInt: 5n]]'],
  weak: ['object', 'WeakRef {{k: 2}}'],
  deletedFrom: ['map', 'Map(2) {1 => 1, 3 => 3}'],
  laterDate: ['date', 'Date(2001-09-09T01:46:40.123Z)'],
  noDate: ['date', 'Date(invalid)'],
  revoked: ['proxy', 'Proxy (revoked)'],
  fresh: ['object', 'counts {<suspended at line 36>, from: 1}'],
  halfway: ['object', 'counts {<suspended at line 38>, from: 3, next: 4}'],
  finished: ['object', 'counts {<finished>}'],
} as const;

/** What comes first leaves room for the rest. */
const job =
  'Job {queue: Queue {…}, name: "welcome", data: {to: "ann"}, options: {…}, tags: Array(7), ' +
  'about: "a mail that is sent to whoever has registered, once", ' +
  'trace: "c0ffee5d7f30c0ffee5d7f30c0ffee5d7f30c0ffee5d7f30c0ffee", progress: 0, id: "17"}';

function member(value: Value, name: string): Value {
  const found = value.properties?.find((property) => property.name === name);
  assert.ok(found, `${name} is a property of ${value.preview}`);
  return found.value;
}

function assertMembers(
  value: Value,
  expected: Readonly<Record<string, readonly [string, string]>>,
): void {
  for (const [name, [type, preview]] of Object.entries(expected)) {
    const actual = member(value, name);
    assert.deepEqual([name, actual.type, actual.preview], [name, type, preview]);
    assert.equal(actual.reason, undefined, `${name} is known`);
  }
}

for (const node of nodeNames)
  suite(`values on Node.js ${node}`, () => {
    test('primitives, objects, collections, binary data and cycles', async (t) => {
      const target = await spawnProgram(t, program('values.mjs'), { node });
      const thread = mainThread(await read(target.pid), target.pid);
      assertMembers(valueOf(frameOf(thread, 'stand'), 'holder'), holder);
      const main = frameOf(thread, 'main');
      assertMembers(valueOf(main, 'holder'), holder);
      assertMembers(valueOf(main, 'more'), more);
      assertMembers(valueOf(main, 'binary'), binary);
      assertMembers(valueOf(main, 'others'), others);
      const dictionary = member(valueOf(main, 'more'), 'dictionary');
      assert.equal(member(dictionary, 'key4').preview, '4');
      assert.equal(
        dictionary.properties?.some(({ name }) => name === 'key3'),
        false,
      );
      assert.equal(dictionary.truncated, true, 'more properties than are shown');
      const error = member(valueOf(main, 'more'), 'error');
      assert.equal(member(error, 'code').preview, '"E_BAD"');
      // A cycle is opened to the depth limit and no further.
      assert.match(valueOf(main, 'cyclic').preview, /^\{name: "loop", self: \{name: "loop"/);
      assert.equal(valueOf(main, 'job').preview, job);
      assert.equal(thread.note, undefined);
    });
  });
