/** A program that dies while its disk is full: its end is as ever, and whoever looks for the report is told where it is. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary } from '../harness/node-versions.ts';
import { agentRegister } from '../harness/paths.ts';
import { readReports } from '../harness/reports-in.ts';
import { makeDirectory, patientDeath, spawnCommand, type Owner } from '../harness/spawn-target.ts';

/** A file system of our own, with nothing left in it. */
function makeFullDisk(owner: Owner): string {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'sleeper-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place]);
  owner.after(() => {
    execFileSync('umount', ['--lazy', place]);
    fs.rmdirSync(place);
  });
  const archive = path.join(place, 'archive');
  fs.mkdirSync(archive, { mode: 0o700 });
  assert.throws(() => {
    fs.writeFileSync(path.join(place, 'log'), Buffer.alloc(1 << 20));
  }, /ENOSPC/);
  return archive;
}

test('an uncaught error on a full disk', async (t) => {
  const archive = makeFullDisk(t);
  const fallback = path.join(makeDirectory(t, 'elsewhere'), 'reports');
  const env = { SLEEPER_ARCHIVE: archive, SLEEPER_FALLBACK: fallback, ...patientDeath };
  const source =
    'function pack(order) { throw new Error("no box"); } setImmediate(pack, { id: 7 });';
  const end = async (flags: readonly string[]) => {
    const target = spawnCommand(t, [nodeBinary('24'), ...flags, '--eval', source], { env });
    return { ...(await target.exited), lines: target.lines };
  };
  assert.deepEqual(await end(['--require', agentRegister]), await end([]));
  const [report, ...others] = await readReports(fallback);
  assert.ok(report !== undefined && others.length === 0);
  assert.equal(report.verdict.kind, 'uncaught-exception');
  assert.equal(report.threads[0]?.frames[0]?.arguments[0]?.value.preview, '{id: 7}');

  const asked = await runSleeper(['list'], { archive, env });
  assert.match(asked.stdout, /No reports/);
  assert.match(
    asked.stderr,
    /1 report that an archive did not take is in .*\/reports: sleeper list --archive/,
  );
  const there = await runSleeper(['list', '--archive', fallback], { archive, env });
  assert.match(there.stdout, /uncaught-exception/);
  assert.ok(!there.stderr.includes(fallback));
});
