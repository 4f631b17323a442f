/** Law 1: whatever is read, however often, the process does what it would have done. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SleeperError } from '#dist/errors.js';
import { limits } from '#dist/limits.js';
import { PagedMemory } from '#dist/reader/memory/paged.js';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { readMaps } from '#dist/reader/memory/maps.js';
import { readThreadIds } from '#dist/reader/memory/process-files.js';
import type { Address, MemorySource } from '#dist/reader/memory/source.js';
import { readThreads } from '#dist/reader/read-threads.js';
import { Target } from '#dist/reader/target.js';
import { spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { nodeNames, supportedNodes } from '../harness/node-versions.ts';
import { readThreads as readTheStates } from '../harness/wait.ts';
import { program, read } from './reading.ts';

/** Each takes a process of its own: a thousand with SLEEPER_TEST_KILLS=all. */
const isFull = process.env['SLEEPER_TEST_KILLS'] === 'all';
const kills = isFull ? 1_000 : 12;
/** The first reads as a dump does, the other has the process stand still most of the time. */
const readers = ['read-forever.mjs', ...Array.from({ length: 3 }, () => 'stop-forever.mjs')];

for (const node of isFull ? nodeNames : supportedNodes)
  suite(`the target on Node.js ${node}`, () => {
    test('computes the same and loses no signal while it is read 60 times', async (t) => {
      const target = await spawnProgram(t, program('counter.mjs'), { node });
      let sent = 0;
      for (let i = 0; i < 60; i++) {
        const reading = await read(target.pid);
        assert.ok(reading.threads.some(({ tid }) => tid === target.pid));
        if (i % 6 === 0) {
          target.signal('SIGUSR2');
          sent++;
        }
      }
      target.say('stop');
      const [line] = await target.expect(/^\{.*\}$/);
      const result = JSON.parse(line) as { isRight: boolean; signals: number };
      assert.equal(result.isRight, true);
      // Signals of one kind that are pending together count as one.
      assert.ok(result.signals > 0 && result.signals <= sent, `${result.signals} of ${sent}`);
      assert.deepEqual(await target.exited, { status: 0, signal: null });
    });

    test(`runs on and computes the same when its reader is killed at ${kills} random moments`, async (t) => {
      const target = await spawnProgram(t, program('counter.mjs'), { node });
      for (let kill = 0; kill < kills; kill++) {
        const args = [String(target.pid)];
        const reader = await spawnProgram(t, program(readers[kill % readers.length] ?? ''), {
          args,
        });
        // Not a wait for anything: the moment of the kill is to be a different one each time.
        await delay((kill * 7.3) % 40);
        await reader.kill();
        for (const { tid, state } of readTheStates(target.pid))
          assert.match(state, /^[RSD]$/, `thread ${tid} is neither stopped nor traced`);
        fs.rmSync(reader.directory, { recursive: true, force: true });
      }
      target.say('stop');
      const [line] = await target.expect(/^\{.*\}$/);
      assert.equal((JSON.parse(line) as { isRight: boolean }).isRight, true);
      assert.deepEqual(await target.exited, { status: 0, signal: null });
    });

    test('another who looks at it, for moments, is waited for', async (t) => {
      const target = await spawnProgram(t, program('counter.mjs'), { node });
      const args = [String(target.pid), '20'];
      await spawnProgram(t, program('stop-forever.mjs'), { args });
      for (let i = 0; i < 10; i++) {
        const { threads, missing } = await read(target.pid);
        assert.ok(threads.find(({ tid }) => tid === target.pid)?.frames.length, `reading ${i}`);
        assert.deepEqual(
          missing.filter(({ reason }) => reason.includes('stopped')),
          [],
        );
      }
    });

    test('nobody stands still while another tracer is waited for', async (t) => {
      const { pid } = await spawnProgram(t, program('counter.mjs'), { node });
      const tids = readThreadIds(pid);
      const held = tids.find((tid) => tid !== pid);
      await spawnProgram(t, program('hold-thread.mjs'), { args: [String(held)] });
      const wishes = { tids, mappings: readMaps(pid), pages: [], holdWhileDecoding: true };
      const { result, pausedMs } = takeLook(pid, wishes, (look) => look);
      assert.deepEqual(
        result.refused.map(({ tid }) => tid),
        [held],
      );
      assert.equal(result.threads.length, tids.length - 1);
      assert.ok(pausedMs < limits.otherTracerMs, `it stood still for ${pausedMs} ms`);
    });

    test('torn memory gives evidence, never an exception or an endless loop', async (t) => {
      const target = await spawnProgram(t, program('values.mjs'), { node });
      const opened = new Target(target.pid);
      const mappings = opened.readMappings();
      const { threads } = takeLook(
        target.pid,
        { tids: [target.pid], mappings, pages: [], holdWhileDecoding: false },
        (look) => look,
      ).result;
      let faults = 0;
      for (let seed = 1; seed <= 150; seed++) {
        const source = new FaultyMemory(new LiveMemory(target.pid), seed);
        const scene = {
          target: opened,
          memory: new PagedMemory(source),
          mappings,
          endsAtMs: performance.now() + 10_000,
        };
        const readings = readThreads(scene, threads);
        assert.ok(readings.length <= threads.length);
        faults += source.faults;
      }
      assert.ok(faults > 150, `${faults} planned faults were met`);
    });
  });

/** Memory of which some pages are gone and some words are wrong, the same for the same seed. */
class FaultyMemory implements MemorySource {
  faults = 0;
  readonly #source: MemorySource;
  readonly #seed: number;

  constructor(source: MemorySource, seed: number) {
    this.#source = source;
    this.#seed = seed;
  }

  read(address: Address, out: Uint8Array): number {
    const copied = this.#source.read(address, out);
    const dice = this.#random(address);
    if (dice % 23 === 0) {
      this.faults++;
      return 0;
    }
    if (dice % 3 === 0) {
      this.faults++;
      for (let i = 0; i < 4; i++) {
        const at = this.#random(address + i + 1) % out.length;
        out[at] = this.#random(address + i + 99) & 0xff;
      }
    }
    return copied;
  }

  #random(value: number): number {
    let mixed = (value % 0x7fffffff) ^ Math.imul(this.#seed, 0x9e3779b1);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }
}

suite('a target that cannot be read', () => {
  test('does not exist', async () => {
    await assert.rejects(read(4_194_000), (error) =>
      isRefusal(error, 'ERR_SLEEPER_NO_SUCH_PROCESS'),
    );
  });
  test('is not node', async (t) => {
    const target = spawnCommand(t, ['sleep', '1000']);
    await assert.rejects(read(target.pid), (error) => isRefusal(error, 'ERR_SLEEPER_NOT_NODE'));
  });
  test('is gone in the middle', async (t) => {
    const target = await spawnProgram(t, program('counter.mjs'));
    const reading = read(target.pid);
    const end = target.kill();
    await reading.then(
      (read) => {
        assert.ok(read.threads.length >= 0);
      },
      (error: unknown) => {
        assert.ok(error instanceof SleeperError, String(error));
      },
    );
    await end;
  });
});

function isRefusal(error: unknown, code: string): boolean {
  assert.ok(error instanceof SleeperError, String(error));
  assert.equal(error.code, code);
  assert.notEqual(error.help, '');
  return true;
}
