/** A V8 that no rows were made for: tried when it is near a known one, and marked; refused when it is not. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SleeperError } from '#dist/errors.js';
import { findProgram } from '#dist/reader/find-program.js';
import { readProcess } from '#dist/reader/read.js';
import { inexactTables, Program } from '#dist/reader/target.js';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary, nodeNames, unknownNode } from '../harness/node-versions.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { frameOf, mainThread, program, read, valueOf, variables } from './reading.ts';

const command = [nodeBinary(unknownNode)] as const;

suite(`Node.js ${unknownNode}, between two known ones`, () => {
  test('frames and values are right, and marked as likely', async (t) => {
    const target = await spawnProgram(t, program('constructs.mjs'), { command });
    const [line] = await target.expect(/^\{.*\}$/);
    const { names } = JSON.parse(line) as { names: string[][] };
    const reading = await read(target.pid);
    assert.match(
      reading.missing.find(({ what }) => what.startsWith(inexactTables))?.reason ?? '',
      /those of V8 12\.4 were used, what they show is likely, not certain/,
    );
    const { frames } = mainThread(reading, target.pid);
    const called = frames
      .filter(
        ({ kind, file = '' }) => (kind === 'js' || kind === 'builtin') && !/^node:/.test(file),
      )
      .map((frame) => `${frame.kind === 'builtin' ? ':' : ''}${frame.function}`)
      .filter((name) => name !== 'next');
    assert.deepEqual(called.slice(1, names.flat().length + 1), names.flat());

    const holder = await spawnProgram(t, program('values.mjs'), { command });
    const main = frameOf(mainThread(await read(holder.pid), holder.pid), 'main');
    const { properties = [] } = valueOf(main, 'more');
    const previews = Object.fromEntries(properties.map(({ name, value }) => [name, value.preview]));
    assert.equal(previews['derived'], 'Derived {#secret: 5, id: "A-17", own: true}');
    assert.equal(previews['map'], 'Map(1) {"k" => {v: 1}}');
    assert.equal(previews['fulfilled'], 'Promise {<fulfilled>: 7}');
    assert.match(variables(main)['cyclic'] ?? '', /^\{name: "loop"/);
  });

  test('a report of it: tasks, and a verdict that is likely at most; doctor says how to mend it', async (t) => {
    const target = await spawnProgram(t, program('waiting-server.cjs'), { command });
    const { tasks } = await readProcess(target.pid, { deadlineMs: 20_000 });
    assert.deepEqual(
      tasks?.map((task) => task.function),
      ['neverDone'],
    );
    const stuck = await spawnProgram(t, program('frames.cjs'), { command });
    const archive = makeDirectory(t, 'archive');
    const dump = await runSleeper(['dump', String(stuck.pid), '--json'], { archive });
    const { verdict } = JSON.parse(dump.stdout) as Report;
    assert.deepEqual([verdict.kind, verdict.confidence], ['atomics-wait', 'likely']);
    assert.ok(verdict.evidence.some(({ text }) => text.startsWith(inexactTables)));
    const doctor = await runSleeper(['doctor', String(stuck.pid)], { archive });
    assert.match(doctor.stdout, /^-- {2}version: those of V8 12\.4 were used/m);
    assert.match(doctor.stdout, /mend: npm install --global sleeper-agent@latest/);
  });
});

for (const node of nodeNames)
  test(`V8 of Node.js ${node} under other numbers: near ones are tried and marked, far ones refused`, async (t) => {
    const { pid } = await spawnProgram(t, program('waiting-server.cjs'), { node });
    const found = findProgram(pid);
    const [major, minor] = found.binary.v8MajorMinor;
    const named = (v8MajorMinor: [number, number]): Program =>
      new Program(pid, {
        ...found,
        binary: { ...found.binary, v8MajorMinor, v8Version: v8MajorMinor.join('.') },
      });
    assert.deepEqual(named([major, minor]).missing, []);
    const { missing } = named([major, minor + 1]);
    assert.deepEqual(
      missing.map(({ what }) => what),
      [`${inexactTables} ${major}.${minor + 1}`],
    );
    assert.ok(missing.every(({ reason }) => reason.includes(`V8 ${major}.${minor} were used`)));
    for (const far of [8, 17] as const)
      assert.throws(
        () => named([far, 0]),
        (error) =>
          error instanceof SleeperError &&
          error.code === 'ERR_SLEEPER_UNSUPPORTED_NODE' &&
          error.message.includes(`V8 ${far}.0 of`),
      );
  });
