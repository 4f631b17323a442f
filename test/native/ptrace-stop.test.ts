import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { constants } from 'node:os';
import { suite, test } from 'node:test';
import { nodeBinary, nodeNames } from '../harness/node-versions.ts';
import { registerSetBytes, requireNative } from '#dist/native.js';
import { busyThreads, startTarget, threadIds, threadState, type Target } from './targets.ts';

const native = requireNative();
const { EPERM, ESRCH, EBUSY } = constants.errno;
/** Word 16 of user_regs_struct. */
const ripOffset = 16 * 8;
/** SCHED_FIFO of sched(7). */
const schedFifo = 1;

function threadName(tid: number): string {
  return fs.readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trim();
}

function stop(
  tids: number[],
  holdLimitMs = 5_000,
): { stopped: number; results: number[]; registers: DataView } {
  const registers = new Uint8Array(tids.length * registerSetBytes);
  const results = new Int32Array(tids.length).fill(-1);
  const stopped = native.stopThreads(Int32Array.from(tids), registers, results, 1_000, holdLimitMs);
  return { stopped, results: [...results], registers: new DataView(registers.buffer) };
}

/** Asks the busy target twice how far it has counted. */
async function assertCounts(target: Target): Promise<void> {
  const ask = async () => {
    target.child.stdin?.write('\n');
    return Number(await target.line());
  };
  const before = await ask();
  let after = await ask();
  while (after === before) after = await ask();
  assert.notEqual(after, before);
}

suite('stopping threads', () => {
  for (const name of nodeNames) {
    test(`node ${name}: all threads of a busy process stop, and run on`, async () => {
      const target = await startTarget(busyThreads, { node: nodeBinary(name) });
      try {
        const tids = threadIds(target.pid);
        assert.ok(tids.length >= 3);
        const { stopped, results, registers } = stop(tids);
        const states = tids.map((tid) => threadState(target.pid, tid));
        const stoodStillUs = native.resumeThreads();
        assert.equal(stopped, tids.length);
        assert.deepEqual(
          results,
          tids.map(() => 0),
        );
        assert.deepEqual(
          states,
          tids.map(() => 't'),
        );
        for (const [i] of tids.entries()) {
          assert.notEqual(registers.getBigUint64(i * registerSetBytes + ripOffset, true), 0n);
        }
        assert.ok(stoodStillUs > 0);
        await assertCounts(target);
        assert.equal(native.resumeThreads(), 0, 'harmless when nothing is stopped');
      } finally {
        native.resumeThreads();
        await target.kill();
      }
    });
  }

  test('who holds threads does not wait for a processor, as far as we may ask for that', async () => {
    const target = await startTarget(busyThreads);
    try {
      assert.ok(stop([target.pid]).stopped > 0);
      const tracer = threadIds(process.pid).find((tid) => threadName(tid) === 'sleeper-tracer');
      assert.ok(tracer !== undefined);
      const mayAsk = spawnSync('chrt', ['--fifo', '1', 'true']).status === 0;
      // proc(5): words 41 and 19 of /proc/PID/stat.
      const words = fs.readFileSync(`/proc/self/task/${tracer}/stat`, 'utf8').split(' ');
      assert.equal(Number(words[40]), mayAsk ? schedFifo : 0);
      if (!mayAsk) assert.ok(Number(words[18]) <= 0);
    } finally {
      native.resumeThreads();
      await target.kill();
    }
  });

  test('after the hold limit the target runs by itself, and the reader is told', async () => {
    const target = await startTarget(busyThreads);
    try {
      assert.ok(stop(threadIds(target.pid), 1).stopped > 0);
      await assertCounts(target);
      assert.ok(native.resumeThreads() < 0);
      assert.equal(native.resumeThreads(), 0);
    } finally {
      await target.kill();
    }
  });

  test('a second stop is refused while one is held', async () => {
    const target = await startTarget(busyThreads);
    try {
      assert.equal(stop([target.pid]).stopped, 1);
      assert.equal(stop([target.pid]).stopped, -EBUSY);
      assert.ok(native.resumeThreads() > 0);
      assert.equal(stop([target.pid]).stopped, 1);
    } finally {
      native.resumeThreads();
      await target.kill();
    }
  });

  test('a target runs on when its reader is killed in the middle of a stop', async () => {
    const target = await startTarget(busyThreads);
    const reader = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { requireNative, registerSetBytes } = await import('#dist/native.js');
         const tids = Int32Array.from(process.argv[1].split(','));
         const registers = new Uint8Array(tids.length * registerSetBytes);
         const stopped = requireNative().stopThreads(tids, registers, new Int32Array(tids.length), 1000, 1e9);
         process.stdout.write(String(stopped) + '\\n');
         setInterval(() => {}, 1e6);`,
        threadIds(target.pid).join(),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const [stopped] = (await once(reader.stdout, 'data')) as [Buffer];
      assert.equal(Number(stopped), threadIds(target.pid).length);
      assert.equal(threadState(target.pid), 't');
      reader.kill('SIGKILL');
      await once(reader, 'exit');
      await assertCounts(target);
    } finally {
      reader.kill('SIGKILL');
      await target.kill();
    }
  });

  test('a target that is killed while it stands still is gone, and its exit is not taken from its parent', async () => {
    const target = await startTarget(busyThreads);
    const tids = threadIds(target.pid);
    const exit = once(target.child, 'exit');
    assert.equal(stop(tids).stopped, tids.length);
    process.kill(target.pid, 'SIGKILL');
    native.resumeThreads();
    assert.deepEqual(await exit, [null, 'SIGKILL']);
    const { stopped, results } = stop(tids);
    assert.equal(stopped, 0);
    assert.deepEqual(
      results,
      tids.map(() => ESRCH),
    );
  });

  test('a zombie child of ours is left to be reaped by its owner', async () => {
    const target = await startTarget(
      'console.log("ready"); process.stdin.once("data", () => process.exit(7))',
    );
    const exit = once(target.child, 'exit');
    target.child.stdin?.write('\n');
    while (threadState(target.pid) !== 'Z') {
      // The loop does not turn, so nobody reaps it meanwhile.
    }
    assert.equal(stop([target.pid]).stopped, 0);
    assert.deepEqual(await exit, [7, null]);
  });

  test('a process stopped by SIGSTOP stays stopped, and continues on SIGCONT', async () => {
    const target = await startTarget(busyThreads);
    try {
      target.child.kill('SIGSTOP');
      while (threadState(target.pid) !== 'T') await new Promise(setImmediate);
      const tids = threadIds(target.pid);
      for (let round = 0; round < 20; round++) {
        assert.equal(stop(tids).stopped, tids.length);
        assert.ok(native.resumeThreads() > 0);
      }
      while (threadState(target.pid) !== 'T') await new Promise(setImmediate);
      target.child.kill('SIGCONT');
      await assertCounts(target);
    } finally {
      await target.kill();
    }
  });

  test('the processes of others are refused', async () => {
    const target = await startTarget(busyThreads);
    try {
      const reader = await startTarget(
        `import('#dist/native.js').then(({ requireNative, registerSetBytes }) => {
           const results = new Int32Array(2);
           const tids = Int32Array.of(1, ${target.pid});
           const stopped = requireNative().stopThreads(tids, new Uint8Array(tids.length * registerSetBytes), results, 100, 100);
           const memory = requireNative().readMemory(${target.pid}, 4096, new Uint8Array(8));
           console.log('ready'); console.log([stopped, ...results, memory].join());
         });`,
        { uid: 65_534 },
      );
      const answer = await reader.line();
      assert.equal(answer, [0, EPERM, EPERM, -EPERM].join());
      await assertCounts(target);
    } finally {
      await target.kill();
    }
  });

  test('a thousand stops lose no signal and break no count', async () => {
    const target = await startTarget(`
      let signals = 0, broken = 0, turns = 0;
      process.on('SIGUSR2', () => { signals += 1; console.log(signals + ' ' + turns + ' ' + broken); });
      console.log('ready');
      setImmediate(function turn() {
        let sum = 0;
        for (let i = 0; i < 20000; i += 1) sum += i;
        if (sum !== 199990000) broken += 1;
        turns += 1;
        setImmediate(turn);
      });
    `);
    try {
      const tids = threadIds(target.pid);
      let signals = 0;
      let last = '';
      for (let round = 0; round < 1_000; round++) {
        // A new signal every time the last has been answered; it falls before, into and behind stops.
        if (round % 10 === 0) target.child.kill('SIGUSR2');
        const { stopped } = stop(tids);
        assert.equal(stopped, tids.length);
        assert.ok(native.resumeThreads() > 0);
        if (round % 10 !== 9) continue;
        last = await target.line();
        signals += 1;
      }
      const [seen, turns, broken] = last.split(' ').map(Number);
      assert.equal(seen, signals);
      assert.equal(broken, 0);
      assert.ok((turns ?? 0) > 0);
    } finally {
      await target.kill();
    }
  });

  test('the stopping thread never shows in the target: a child waited for by us reports no false exit', async () => {
    const target = await startTarget(busyThreads);
    try {
      let ended = false;
      target.child.once('exit', () => (ended = true));
      for (let round = 0; round < 50; round++) {
        stop(threadIds(target.pid));
        native.resumeThreads();
        await new Promise(setImmediate);
      }
      await assertCounts(target);
      assert.equal(ended, false);
    } finally {
      await target.kill();
    }
  });
});
