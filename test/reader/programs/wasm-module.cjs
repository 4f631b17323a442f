// A WebAssembly module put together by hand: JavaScript → outer → middle → JavaScript, and a loop of its own.
'use strict';

function unsigned(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}
const text = (string) => [...unsigned(string.length), ...Buffer.from(string)];
const section = (id, body) => [id, ...unsigned(body.length), ...body];
const list = (items) => [...unsigned(items.length), ...items.flat()];
const body = (code) => [...unsigned(code.length + 2), 0, ...code, 0x0b];

const localGet = [0x20, 0];
const addOne = [0x41, 1, 0x6a];
const call = (index) => [0x10, index];
const table = { back: 0, middle: 1, outer: 2, spin: 3 };
/** Large enough not to be inlined. */
const filler = Array.from({ length: 100 }, () => [...localGet, ...addOne, 0x21, 0]).flat();

const functionNames = list(
  Object.entries(table)
    .filter(([name]) => name !== 'outer') // known only by the name it is exported by
    .map(([name, index]) => [...unsigned(index), ...text(`shop_${name}`)]),
);

exports.bytes = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, list([[0x60, 1, 0x7f, 1, 0x7f]])),
  ...section(2, list([[...text('env'), ...text('back'), 0, 0]])),
  ...section(3, list([[0], [0], [0]])),
  ...section(
    7,
    list([
      [...text('run'), 0, table.outer],
      [...text('spin'), 0, table.spin],
    ]),
  ),
  ...section(
    10,
    list([
      body([...localGet, ...addOne, ...call(table.back), ...filler]),
      body([...localGet, ...addOne, ...call(table.middle), ...filler]),
      // loop: x = x + 1, for ever
      body([0x03, 0x40, ...localGet, ...addOne, 0x21, 0, 0x0c, 0, 0x0b, 0x41, 0]),
    ]),
  ),
  ...section(0, [
    ...text('name'),
    ...[0, ...unsigned(text('shop').length), ...text('shop')],
    ...[1, ...unsigned(functionNames.length), ...functionNames],
  ]),
]);
