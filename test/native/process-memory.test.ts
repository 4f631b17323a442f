import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { suite, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { pageBytes, requireNative } from '#dist/native.js';
import { startTarget } from './targets.ts';

const native = requireNative();
const { ESRCH, EFAULT } = constants.errno;

/** Start addresses of the mappings of a process, with permissions and names. */
function mappings(
  pid: number,
): { start: number; end: number; permissions: string; name: string }[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [range = '', permissions = '', , , , name = ''] = line.split(/\s+/);
      const [start = '', end = ''] = range.split('-');
      return { start: parseInt(start, 16), end: parseInt(end, 16), permissions, name };
    });
}

suite('process memory', () => {
  test("a child's ELF header is read through its first mapping", async () => {
    const target = await startTarget('console.log("ready"); setInterval(() => {}, 1e6)');
    try {
      const image = mappings(target.pid).find(({ name }) => name.endsWith('/node'));
      const out = new Uint8Array(16);
      assert.equal(native.readMemory(target.pid, image?.start ?? 0, out), 16);
      assert.deepEqual([...out.subarray(0, 4)], [0x7f, 0x45, 0x4c, 0x46]);
    } finally {
      await target.kill();
    }
  });

  test('our own memory is read like that of another process', () => {
    const stack = mappings(process.pid).find(({ name }) => name === '[stack]');
    assert.ok(stack);
    const out = new Uint8Array(64);
    assert.equal(native.readMemory(process.pid, stack.end - 64, out), 64);
    assert.match(
      Buffer.from(out).toString('latin1'),
      /node/,
      'the name of the program ends the stack',
    );
  });

  test('a range that runs into unreadable memory is cut there', () => {
    const stack = mappings(process.pid).find(({ name }) => name === '[stack]');
    assert.ok(stack);
    const out = new Uint8Array(3 * pageBytes);
    assert.equal(native.readMemory(process.pid, stack.end - pageBytes, out), pageBytes);
    assert.equal(native.readMemory(process.pid, 0, out), -EFAULT);
  });

  test('unreadable pages are stepped over and the others still read', () => {
    const stack = mappings(process.pid).find(({ name }) => name === '[stack]');
    assert.ok(stack);
    const last = stack.end - pageBytes;
    const addresses = Float64Array.of(last, 0, last, stack.end, 4096, last);
    const out = new Uint8Array(addresses.length * pageBytes);
    const readable = new Uint8Array(addresses.length).fill(7);
    assert.equal(native.readPages(process.pid, addresses, out, readable), 3);
    assert.deepEqual([...readable], [1, 0, 1, 0, 0, 1]);
    const whole = new Uint8Array(pageBytes);
    native.readMemory(process.pid, last, whole);
    for (const i of [0, 2, 5]) {
      const tail = out.subarray((i + 1) * pageBytes - 32, (i + 1) * pageBytes);
      assert.deepEqual(tail, whole.subarray(pageBytes - 32), `page ${i}`);
    }
  });

  test('more pages than the kernel takes at once are read in order', () => {
    const image = mappings(process.pid).find(
      ({ name, permissions }) => name.endsWith('/node') && permissions.startsWith('r'),
    );
    assert.ok(image);
    const count = 2_500;
    const pagesOfImage = (image.end - image.start) / pageBytes;
    const addresses = Float64Array.from(
      { length: count },
      (_, i) => image.start + (i % pagesOfImage) * pageBytes,
    );
    addresses[1_500] = 0;
    const out = new Uint8Array(count * pageBytes);
    const readable = new Uint8Array(count);
    assert.equal(native.readPages(process.pid, addresses, out, readable), count - 1);
    assert.equal(readable[1_500], 0);
    const page = new Uint8Array(pageBytes);
    for (const i of [0, 1_023, 1_024, 1_499, 1_501, 2_499]) {
      native.readMemory(process.pid, addresses[i] ?? 0, page);
      assert.ok(
        Buffer.from(page).equals(out.subarray(i * pageBytes, (i + 1) * pageBytes)),
        `page ${i}`,
      );
    }
  });

  test('a process that is gone is said to be gone', async () => {
    const target = await startTarget('console.log("ready"); setInterval(() => {}, 1e6)');
    await target.kill();
    const readable = new Uint8Array(1);
    assert.equal(native.readMemory(target.pid, 4096, new Uint8Array(8)), -ESRCH);
    assert.equal(
      native.readPages(target.pid, Float64Array.of(4096), new Uint8Array(pageBytes), readable),
      -ESRCH,
    );
  });

  test('wrong arguments are refused with their name', () => {
    const bytes = new Uint8Array(8);
    assert.throws(() => native.readMemory(-1, 0, bytes), /^TypeError: pid: /);
    assert.throws(() => native.readMemory(process.pid, 0.5, bytes), /^TypeError: address: /);
    assert.throws(() => native.readMemory(process.pid, NaN, bytes), /^TypeError: address: /);
    assert.throws(() => native.readPages(1, Float64Array.of(0), bytes, bytes), /^TypeError: out: /);
    assert.throws(
      () => native.readPages(1, Float64Array.of(Infinity), new Uint8Array(pageBytes), bytes),
      /^TypeError: addresses: /,
    );
  });
});
