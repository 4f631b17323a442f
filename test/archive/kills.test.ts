/** A writer killed at any of its system calls leaves every sealed report whole, and an archive that goes on. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { factsOf } from '#dist/archive/facts.js';
import { readReport } from '#dist/archive/read.js';
import { openArchive } from '#dist/archive/store.js';
import { verifyArchive } from '#dist/archive/verify.js';
import { encodeReport } from '#dist/encode/encode.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import { report } from '../view/parts.ts';
import { buildFaults, runFaulty } from './faulty-writer.ts';
import { reportsIn } from '../harness/reports-in.ts';

/** More calls than the life of the archive has. */
const maxCalls = 400;
const atOnce = 2;
/** Each call takes a process of its own: every third here, all with SLEEPER_TEST_KILLS=all. */
const step = process.env['SLEEPER_TEST_KILLS'] === 'all' ? 1 : 3;

/** What must hold after a death, whatever was under way. */
async function assertSound(directory: string, lines: readonly string[], at: number): Promise<void> {
  const names = fs.existsSync(directory) ? reportsIn(directory) : [];
  for (const name of names) {
    const { missing, verdict } = await readReport(path.join(directory, name));
    assert.deepEqual(missing, report().missing, `${name} after call ${at}`);
    assert.equal(verdict.kind, 'healthy');
  }
  const sealed = (signature: string): boolean =>
    lines.some((line) => line.startsWith(`sealed ${signature}`));
  const archive = openArchive(directory);
  const { entries } = await archive.list();
  for (const signature of ['rare', 'usual', 'other']) {
    if (!sealed(signature) || (signature !== 'rare' && lines.includes('pruned'))) continue;
    if (signature === 'usual' && sealed('other')) continue; // two are kept, and one is pinned
    assert.ok(
      entries.some((entry) => entry.signature === signature),
      `the last of ${signature} is gone after call ${at}: ${lines.join(', ')}`,
    );
  }
  const { findings } = await verifyArchive(directory, false);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error'),
    [],
    `after call ${at}`,
  );
  const next = report({ id: 'ffffffff-77aa-4c1b-9d55-0a8c5b1e2f30', signature: 'next' });
  const sealedPath = await archive.seal(encodeReport(next), factsOf(next));
  assert.ok(fs.existsSync(sealedPath));
  await archive.prune({ nowMs: Date.now() + 3_600_000 });
  assert.deepEqual(
    fs.readdirSync(directory).filter((name) => name.endsWith('.tmp')),
    [],
    `leftovers stay after call ${at}`,
  );
}

suite('a writer dies', () => {
  test('at each write, rename, link, fsync, unlink, mkdir and creation it makes', async (t) => {
    const library = buildFaults(t);
    const whole = makeDirectory(t, 'life');
    const untouched = await runFaulty(library, 'life.js', [whole], {
      directory: whole,
      at: maxCalls,
    });
    assert.deepEqual(untouched.lines.at(-1), 'done');
    assert.ok(untouched.lines.includes('counted usual 04'));
    let killed = 0;
    let next = 1;
    let isOver = false;
    const work = async (): Promise<void> => {
      while (!isOver) {
        const at = next;
        next += step;
        assert.ok(at < maxCalls, 'the limit of this test is too low');
        const directory = path.join(makeDirectory(t, 'kill'), 'archive');
        const { lines, signal } = await runFaulty(library, 'life.js', [directory], {
          directory,
          at,
        });
        if (signal === null) {
          assert.equal(lines.at(-1), 'done');
          isOver = true;
          return;
        }
        assert.equal(signal, 'SIGKILL');
        killed += 1;
        await assertSound(directory, lines, at);
        fs.rmSync(directory, { recursive: true });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    t.diagnostic(`killed at each of ${killed} calls`);
    assert.ok(killed * step > 80, String(killed));
  });
});
