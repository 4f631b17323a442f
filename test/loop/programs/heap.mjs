// Allocates, then stands still and says what V8 itself counts.
import v8 from 'node:v8';
import { ready } from '../../zoo/ready.mjs';

globalThis.objects = Array.from({ length: 100_000 }, (_, i) => ({ i }));
globalThis.numbers = new Array(500_000).fill(1.5);
gc();
gc();
const names = ['old_space', 'large_object_space'];
const spaces = Object.fromEntries(
  v8
    .getHeapSpaceStatistics()
    .filter(({ space_name: name }) => names.includes(name))
    .map(({ space_name: name, space_used_size: used, space_size: size }) => [name, { used, size }]),
);
console.log(JSON.stringify(spaces));
ready();
for (;;);
