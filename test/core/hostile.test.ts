/** Cores that were cut, damaged or made to harm: an error of ours or a partial answer, in bounded time and memory. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { SleeperError } from '#dist/errors.js';
import { makeDirectory, type Owner } from '../harness/spawn-target.ts';
import { read, withCrash } from './cores.ts';

/** Park and Miller's generator: a failure comes back with the same seed. */
function makeRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * limit);
  };
}

/** @returns null when it was refused with an error of ours; anything else thrown fails the test */
function tryRead(file: string): ReturnType<typeof read> | null {
  try {
    return read(file);
  } catch (error) {
    assert.ok(error instanceof SleeperError, `${String(error)}\n${(error as Error).stack ?? ''}`);
    assert.ok(error.help.length > 0);
    return null;
  }
}

interface Entry {
  readonly type: number;
  readonly offset?: bigint;
  readonly address?: bigint;
  readonly fileBytes?: bigint;
  readonly memoryBytes?: bigint;
}

/** A core file from nothing: header, program headers, then `body` at 4096. */
function makeCore(
  owner: Owner,
  entries: readonly Entry[],
  body: Buffer = Buffer.alloc(0),
  patch: (header: Buffer) => void = () => undefined,
): string {
  const file = Buffer.alloc(4096 + body.length);
  file.write('\x7fELF', 'latin1');
  file.set([2, 1, 1], 4);
  file.writeUInt16LE(4, 16);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(entries.length, 56);
  entries.forEach((entry, i) => {
    const at = 64 + i * 56;
    file.writeUInt32LE(entry.type, at);
    file.writeUInt32LE(7, at + 4);
    file.writeBigUInt64LE(entry.offset ?? 4096n, at + 8);
    file.writeBigUInt64LE(entry.address ?? 0n, at + 16);
    file.writeBigUInt64LE(entry.fileBytes ?? 0n, at + 32);
    file.writeBigUInt64LE(entry.memoryBytes ?? entry.fileBytes ?? 0n, at + 40);
  });
  patch(file);
  body.copy(file, 4096);
  const target = path.join(makeDirectory(owner, 'hostile'), 'core');
  fs.writeFileSync(target, file);
  return target;
}

function note(type: number, description: Buffer, claimedBytes = description.length): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt32LE(5, 0);
  header.writeUInt32LE(claimedBytes, 4);
  header.writeUInt32LE(type, 8);
  header.write('CORE', 12, 'latin1');
  return Buffer.concat([header, description]);
}

function threadNote(tid: number): Buffer {
  const status = Buffer.alloc(336);
  status.writeUInt32LE(tid, 32);
  return note(1, status);
}

const PT_LOAD = 1;
const PT_NOTE = 4;

suite('made-up cores', () => {
  test('2^32 segments, a table far behind the end, notes without an end', (t) => {
    const noted = { type: PT_NOTE, fileBytes: 1n << 60n };
    const many = makeCore(t, [noted], Buffer.alloc(0), (header) => {
      header.writeUInt16LE(0xffff, 56);
      header.writeBigUInt64LE(1024n, 40);
      header.writeUInt32LE(0xffffffff, 1024 + 44);
    });
    assert.throws(() => read(many), {
      code: 'ERR_SLEEPER_NOT_A_CORE',
      message: /claims 4294967295/,
    });
    const far = makeCore(t, [noted], Buffer.alloc(0), (header) => {
      header.writeBigUInt64LE(1n << 60n, 32);
    });
    assert.throws(() => read(far), { code: 'ERR_SLEEPER_NOT_A_CORE', message: /behind its end/ });
    const endless = makeCore(t, [noted], note(1, Buffer.alloc(336), 0xffffffff));
    assert.throws(() => read(endless), { code: 'ERR_SLEEPER_NOT_A_CORE' });
    const zeros = makeCore(t, [noted], Buffer.alloc(2 << 20));
    assert.throws(() => read(zeros), { code: 'ERR_SLEEPER_NOT_A_CORE' });
  });

  test('overlapping and impossible segments are told', (t) => {
    const body = threadNote(7);
    const file = makeCore(
      t,
      [
        { type: PT_NOTE, fileBytes: BigInt(body.length) },
        { type: PT_LOAD, address: 0x1000n, fileBytes: 0x4000n },
        { type: PT_LOAD, address: 0x2000n, fileBytes: 0x1000n },
        { type: PT_LOAD, address: 0x3000n, fileBytes: 0x8000n },
        { type: PT_LOAD, address: 1n << 60n, fileBytes: 1n << 60n },
        { type: PT_LOAD, address: 0x100000n, offset: (1n << 64n) - 1n, fileBytes: 0x1000n },
      ],
      body,
    );
    const core = read(file);
    assert.deepEqual(
      core.threads.map(({ tid, reading }) => [tid, reading]),
      [[7, null]],
    );
    const told = core.missing.map(({ what, reason }) => `${what}: ${reason}`).join('\n');
    assert.match(told, /2 segments of the core overlap/);
    assert.match(told, /the file ends at/);
    assert.match(told, /does not name the program file/);
  });

  test('files that a core names are opened only when they are programs', (t) => {
    const directory = makeDirectory(t, 'secrets');
    const secret = path.join(directory, 'secret');
    fs.writeFileSync(secret, 'password=hunter2'.repeat(1000));
    const names = [secret, '/dev/zero', '/proc/self/environ', directory];
    const files = Buffer.alloc(16 + names.length * 24);
    files.writeBigUInt64LE(BigInt(names.length), 0);
    files.writeBigUInt64LE(4096n, 8);
    names.forEach((_, i) => {
      files.writeBigUInt64LE(BigInt(0x10000 * (i + 1)), 16 + i * 24);
      files.writeBigUInt64LE(BigInt(0x10000 * (i + 1) + 0x1000), 24 + i * 24);
    });
    const list = Buffer.concat([files, Buffer.from(`${names.join('\0')}\0`)]);
    const body = Buffer.concat([threadNote(7), note(0x46494c45, list)]);
    const core = read(makeCore(t, [{ type: PT_NOTE, fileBytes: BigInt(body.length) }], body));
    assert.equal(core.v8Version, null);
    assert.match(core.missing[0]?.reason ?? '', /secret is no ELF file/);
    assert.doesNotMatch(
      JSON.stringify(core, (_, v: unknown) => (v instanceof Map ? [...v] : v)),
      /hunter2/,
    );
  });
});

test('a real core, damaged 150 times and cut 100 times', (t) =>
  withCrash(t, 'abort.cjs', { node: '20' }, ({ file }) => {
    const random = makeRandom(20_121);
    const whole = read(file);
    assert.ok(whole.threads[0]?.reading);
    const fd = fs.openSync(file, 'r+');
    t.after(() => {
      fs.closeSync(fd);
    });
    const head = Buffer.alloc(64 << 10);
    const headBytes = fs.readSync(fd, head, 0, head.length, 0);
    let answers = 0;
    for (let round = 0; round < 150; round++) {
      const damaged = Buffer.from(head.subarray(0, headBytes));
      // Most of what matters lies at the beginning: header, segments, notes.
      const reach = [64, 1024, 8192, headBytes][round % 4] ?? headBytes;
      for (let left = 1 + random(8); left > 0; left--) damaged[random(reach)] = random(256);
      fs.writeSync(fd, damaged, 0, damaged.length, 0);
      if (tryRead(file) !== null) answers++;
    }
    assert.ok(answers > 20, `${answers} of 150 were read`);
    fs.writeSync(fd, head, 0, headBytes, 0);
    const places = Array.from({ length: 100 }, (_, i) =>
      random(i % 3 === 0 ? headBytes : whole.sizeBytes),
    ).sort((a, b) => b - a);
    let partial = 0;
    for (const place of places) {
      fs.ftruncateSync(fd, place);
      const core = tryRead(file);
      if (core === null) continue;
      assert.ok(core.missing.some(({ what }) => what === 'the end of the core file'));
      partial++;
    }
    assert.ok(partial > 20, `${partial} of 100 gave a partial answer`);
  }));
