/**
 * A thread caught in the few instructions that enter JavaScript from C++, or leave it again: its frame is not complete, and
 * what V8 notes of the JavaScript below is partly in it, partly still in the isolate. gdb leads it there, and writes cores.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { Target } from '#dist/reader/target.js';
import { read as readCore, threadOf } from '../core/cores.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { program } from './reading.ts';

/** Instructions behind the first one: before and behind the push of rbp, with registers saved, with some notes of V8 saved. */
const steps = [0, 1, 5, 11];
/** pop rbp; ret */
const epilogue = Buffer.from([0x5d, 0xc3]);

for (const node of ['18', '26'] as const)
  test(`entering and leaving JavaScript on Node.js ${node}, instruction by instruction`, async (t) => {
    // Without a second copy of the builtins there is one place for the breakpoint.
    const nodeFlags = ['--no-short-builtin-calls'];
    const { pid, directory } = await spawnProgram(t, program('revive.cjs'), { node, nodeFlags });
    const target = new Target(pid);
    const entry = target.binary.builtins.find(({ name }) => name === 'JSEntry');
    assert.ok(entry, 'the builtin that enters JavaScript is known');
    const start = entry.start + target.codeSpace(target.readMappings()).loadBias;
    const code = Buffer.alloc(entry.end - entry.start);
    assert.equal(new LiveMemory(pid).read(start, code), code.length);
    const end = start + code.lastIndexOf(epilogue);

    const cores: string[] = [];
    const gcore = (): string[] => {
      cores.push(path.join(directory, `core.${cores.length}`));
      return ['-ex', `gcore ${cores.at(-1)}`];
    };
    const commands = [
      '-ex',
      'set scheduler-locking on',
      '-ex',
      `break *${start}`,
      '-ex',
      'continue',
    ];
    steps.forEach((step, i) => {
      const ahead = step - (steps[i - 1] ?? 0);
      commands.push(...(ahead === 0 ? [] : ['-ex', `stepi ${ahead}`]), ...gcore());
    });
    commands.push('-ex', 'delete', '-ex', `break *${end}`, '-ex', 'continue', ...gcore());
    commands.push('-ex', 'stepi', ...gcore());
    const gdb = ['-nx', '-q', '-batch', '-p', String(pid), ...commands];
    execFileSync('gdb', gdb, { stdio: 'pipe' });

    for (const [i, core] of cores.entries()) {
      const { frames, note } = threadOf(readCore(core), pid);
      const names = frames.map((frame) => frame.function).join(' < ');
      assert.doesNotMatch(note ?? '', /could not be read/, `${i}: ${note} ${names}`);
      const own = frames.filter(({ file }) => file?.endsWith('revive.cjs') === true);
      assert.deepEqual(
        own.map((frame) => frame.function),
        ['parse', '(top level)'],
        `${i}: ${names}`,
      );
    }
  });
