/** File systems that refuse: the report goes to the fallback place, or the error says exactly what is lost. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readReport } from '#dist/archive/read.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import { report } from '../view/parts.ts';
import { buildFaults, runFaulty } from './faulty-writer.ts';
import { reportsIn } from '../harness/reports-in.ts';

interface Answer {
  readonly path?: string;
  readonly refusals?: readonly string[];
  readonly code?: string;
  readonly message?: string;
}

const { EDQUOT, EIO, ESTALE, EROFS, ENOSPC } = os.constants.errno;
const cases: readonly [string, string, number][] = [
  ['a quota that is used up', 'write', EDQUOT],
  ['a full disk', 'write', ENOSPC],
  ['a disk that fails', 'write', EIO],
  ['a disk that fails late', 'fsync', EIO],
  ['a file system that became read-only', 'open', EROFS],
  ['a network file system whose handle is stale', 'open', ESTALE],
  ['the same when the name is given', 'link', ESTALE],
];

suite('an archive that cannot be written', () => {
  for (const [name, operations, errno] of cases) {
    test(`${name}: the report is kept elsewhere, whole, and it is said why`, async (t) => {
      const library = buildFaults(t);
      const directory = makeDirectory(t, 'archive');
      const elsewhere = makeDirectory(t, 'elsewhere');
      const fault = { directory, at: 1, errno, always: true, operations };
      const env = { TMPDIR: elsewhere, SLEEPER_FALLBACK: path.join(elsewhere, 'reports') };
      const { lines } = await runFaulty(library, 'keeper.js', [directory], fault, env);
      const answer = JSON.parse(lines[0] ?? '') as Answer;
      assert.equal(path.dirname(answer.path ?? ''), path.join(elsewhere, 'reports'), lines[0]);
      assert.ok(answer.path !== undefined);
      t.after(() => {
        fs.rmSync(path.dirname(answer.path ?? ''), { recursive: true, force: true });
      });
      const code = Object.entries(os.constants.errno).find(([, number]) => number === errno)?.[0];
      assert.match(answer.refusals?.[0] ?? '', new RegExp(`into ${directory}: ${String(code)}\\.`));
      const { missing, verdict } = await readReport(answer.path);
      assert.equal(verdict.kind, 'healthy');
      assert.deepEqual(missing, report().missing);
      assert.equal(fs.statSync(answer.path).mode & 0o777, 0o600);
      assert.equal(fs.statSync(path.dirname(answer.path)).mode & 0o777, 0o700);
      assert.deepEqual(reportsIn(directory), []);
      assert.deepEqual(
        fs.readdirSync(directory).filter((one) => one.endsWith('.tmp')),
        [],
      );
    });
  }

  test('when every place refuses, the error tells which report is lost, what it said, and who refused why', async (t) => {
    const library = buildFaults(t);
    const directory = makeDirectory(t, 'archive');
    const fault = { directory: '/', at: 1, errno: EIO, always: true, operations: 'open,mkdir' };
    const { lines } = await runFaulty(library, 'keeper.js', [directory], fault, {
      TMPDIR: directory,
    });
    const { code, message = '' } = JSON.parse(lines[0] ?? '') as Answer;
    assert.equal(code, 'ERR_SLEEPER_ARCHIVE_WRITE');
    assert.match(
      message,
      /^The report 1f3a9c2e-\S+ of process 4242 on web1 at 2026-\S+ is lost\. It said: healthy: The event loop turns\./,
    );
    assert.ok((message.match(/EIO/g) ?? []).length >= 2, message);
  });

  test('an archive that is gone, a link, or of another user is no place', async (t) => {
    const library = buildFaults(t);
    const elsewhere = makeDirectory(t, 'elsewhere');
    const link = path.join(makeDirectory(t, 'archive'), 'link');
    fs.symlinkSync(elsewhere, link);
    const fault = { directory: '/nowhere', at: 1 };
    const env = { TMPDIR: elsewhere, SLEEPER_FALLBACK: path.join(elsewhere, 'reports') };
    for (const [directory, reason] of [
      [link, /it is a symbolic link/],
      ['/proc/nowhere/archive', /Cannot create the archive/],
      ['/usr/bin/env', /it is no directory/],
    ] as const) {
      const { lines } = await runFaulty(library, 'keeper.js', [directory], fault, env);
      const answer = JSON.parse(lines[0] ?? '') as Answer;
      assert.match(answer.refusals?.[0] ?? '', reason);
      assert.ok(answer.path !== undefined && fs.existsSync(answer.path));
      fs.rmSync(path.dirname(answer.path), { recursive: true });
    }
  });
});
