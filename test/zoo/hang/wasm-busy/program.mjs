import { ready } from '../../ready.mjs';

// (module (func (export "spin") (param i32) (loop local.get 0 br_if 0)))
const bytes = Uint8Array.from(
  `00 61 73 6d 01 00 00 00 01 05 01 60 01 7f 00 03 02 01 00 07 08 01 04 73 70 69 6e 00 00
   0a 0b 01 09 00 03 40 20 00 0d 00 0b 0b`.split(/\s+/).map((hex) => Number.parseInt(hex, 16)),
);

function blur(picture, spin) {
  const radius = picture.width / 20;
  return spin(radius); // @stuck
}

const { instance } = await WebAssembly.instantiate(bytes);
ready();
blur({ name: 'cat.png', width: 60 }, instance.exports.spin);
