/** C++ and C frames of real processes, and how they stand between the JavaScript ones. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { readMaps } from '#dist/reader/memory/maps.js';
import { livePlaces } from '#dist/reader/memory/symbol-file.js';
import { NativeModules } from '#dist/reader/native-frames/native-module.js';
import { NativeStack } from '#dist/reader/native-frames/native-stack.js';
import type { ProcessReading, ThreadReading } from '#dist/reader/reading.js';
import { isMachineFrame } from '#dist/report/machine-frame.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { readThreads, waitFor, waitForSyscall } from '../harness/wait.ts';
import { mainThread, read } from '../reader/reading.ts';

const programs = path.join(root, 'test/native-frames/programs');

function names(thread: ThreadReading): string[] {
  return thread.frames.map((frame) => frame.function);
}

/** The names stand in the stack in this order, innermost first, others between them allowed. */
function assertInOrder(thread: ThreadReading, wanted: readonly (string | RegExp)[]): void {
  const found = names(thread);
  let at = 0;
  for (const name of wanted) {
    const next = found.findIndex(
      (candidate, i) =>
        i >= at && (name instanceof RegExp ? name.test(candidate) : candidate === name),
    );
    assert.ok(next >= 0, `${String(name)} from #${at} on in ${found.join(' < ')}; ${thread.note}`);
    at = next + 1;
  }
}

function threadIn(reading: ProcessReading, ...functions: string[]): ThreadReading {
  const thread = reading.threads.find((candidate) =>
    functions.every((name) => names(candidate).includes(name)),
  );
  assert.ok(thread, `a thread in ${functions.join(' and ')}`);
  return thread;
}

function assertWhole(thread: ThreadReading): void {
  assert.doesNotMatch(thread.note ?? '', /could not be read/, names(thread).join(' < '));
}

for (const node of nodeNames)
  suite(`C++ frames on Node.js ${node}`, () => {
    test('above, between and below JavaScript; pool threads, workers, helpers', async (t) => {
      const target = await spawnProgram(t, path.join(programs, 'waits.mjs'), { node });
      await waitForSyscall(target.pid, 'read');
      const reading = await read(target.pid);
      const main = mainThread(reading, target.pid);
      assertInOrder(main, [
        'read',
        'uv_fs_read',
        'node::fs::Read',
        'readSync',
        'waitForBytes',
        /^v8::internal::.*(Execution::Call|Invoke)$/,
        'replace',
        'map',
        /^v8::internal::.*(Execution::Call|Invoke)$/,
        'uv_run',
        'node::Start',
        '_start',
      ]);
      const [top] = main.frames;
      assert.deepEqual(
        { kind: top?.kind, file: top?.file, values: top?.arguments },
        { kind: 'native', file: 'libc.so.6', values: [] },
      );
      assertInOrder(threadIn(reading, 'open'), ['open', /^uv__fs_/, /worker$/]);
      const worker = threadIn(reading, 'node::worker::Worker::Run');
      assert.equal(worker.kind, 'worker');
      assertInOrder(worker, [
        /^v8::internal::FutexEmulation::Wait/,
        'wait',
        '(top level)',
        'uv_run',
        'node::worker::Worker::Run',
      ]);
      const tids = new Set(reading.threads.map(({ tid }) => tid));
      assert.ok(tids.size >= 8 && tids.size === reading.threads.length, `${tids.size} threads`);
      for (const thread of reading.threads) {
        assertWhole(thread);
        assert.ok(thread.frames.length >= 3, names(thread).join(' < '));
        // Outermost: what the C library starts a thread or a program with.
        assert.ok(thread.frames.at(-1)?.function.match(/^_start$|^(__)?clone|^libc\.so\.6\+0x/));
      }
    });

    test('an idle loop', async (t) => {
      const target = await spawnProgram(t, path.join(programs, 'waits.mjs'), {
        node,
        args: ['idle'],
      });
      await waitForSyscall(target.pid, 'epoll_wait');
      const main = mainThread(await read(target.pid), target.pid);
      assertInOrder(main, [/^epoll_p?wait$/, 'uv__io_poll', 'uv_run', /SpinEventLoop/, '_start']);
      assert.match(main.note ?? '', /no JS frames/);
      assert.ok(main.frames.every(isMachineFrame));
    });
  });

test('a mutex and its owner; a signal handler on a stack of its own', async (t) => {
  const directory = makeDirectory(t, 'native');
  const binary = path.join(directory, 'waits');
  execFileSync('cc', ['-O1', '-pthread', '-o', binary, path.join(programs, 'waits.c')]);
  const { pid, child } = spawnCommand(t, [binary]);
  await new Promise((resolve) => child.stdio[3]?.once('data', resolve));
  fs.unlinkSync(binary); // an update while it runs
  const waiter = await waitFor('the second thread waits', () =>
    readThreads(pid).find((thread) => thread.tid !== pid && thread.syscall === 'futex'),
  );
  const mappings = readMaps(pid);
  const modules = new NativeModules(new LiveMemory(pid), livePlaces(pid));
  const stacks = takeLook(
    pid,
    { tids: [pid, waiter.tid], mappings, pages: [], holdWhileDecoding: true },
    (look) =>
      look.threads.map(({ tid, registers }) => {
        const isJavaScript = (): boolean => false;
        const stack = new NativeStack({ modules, mappings, memory: look.memory, isJavaScript });
        const frames = stack.innermost(registers);
        return { tid, kind: 'native' as const, frames, note: stack.notes.join('; ') };
      }),
  ).result;
  const main = stacks.find(({ tid }) => tid === pid);
  const second = stacks.find(({ tid }) => tid === waiter.tid);
  assert.ok(main !== undefined && second !== undefined);
  assertInOrder(main, [
    'pause',
    'on_signal',
    /^libc/,
    'raise',
    'interrupted_work',
    'main',
    '_start',
  ]);
  assert.equal(main.note, '');
  assertInOrder(second, ['pthread_mutex_lock', 'wait_for_mutex']);
  assert.match(second.note, new RegExp(`^waits for the mutex 0x[0-9a-f]+ held by thread ${pid}$`));
});
