/** The archive from the command line, as somebody uses it who looks after many processes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { defaultPolicy } from '#dist/archive/choose.js';
import { factsOf } from '#dist/archive/facts.js';
import { openArchive } from '#dist/archive/store.js';
import { decodeReport } from '#dist/encode/decode.js';
import { encodeReport } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { reportsIn } from '../harness/reports-in.ts';
import { runSleeper } from '../harness/cli.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { crashReport, hangReport, syncIoReport } from '../view/reports.ts';

const hour = 3_600_000;

/** Three hangs an hour apart, the newest a minute old; a crash of two hours ago on another machine. */
async function makeArchive(t: Owner): Promise<string> {
  const directory = makeDirectory(t, 'commands');
  const archive = openArchive(directory, { ...defaultPolicy, keepFreeShare: 0 });
  const at = (agoMs: number): string => new Date(Date.now() - agoMs).toISOString();
  const hangs = [2, 1, 0].map((hours, index) => ({
    ...hangReport(),
    id: `1f3a000${index}-77aa-4c1b-9d55-0a8c5b1e2f30`,
    capturedAt: at(hours * hour + 60_000),
  }));
  const crash: Report = { ...crashReport(), capturedAt: at(2 * hour) };
  const other = {
    ...crash,
    process: { ...crash.process, pid: 77 },
    host: { ...crash.host, hostname: 'db1' },
  };
  for (const report of [...hangs, other]) await archive.seal(encodeReport(report), factsOf(report));
  return directory;
}

async function idsOf(archive: string, ...options: string[]): Promise<string[]> {
  const { stdout, status } = await runSleeper(['list', '--json', ...options], { archive });
  assert.equal(status, 0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { shortId: string }).shortId);
}

suite('sleeper list', () => {
  test('filters by time, kind, signature, process, machine and words', async (t) => {
    const archive = await makeArchive(t);
    const [first, second, third, crash] = ['1f3a0000', '1f3a0001', '1f3a0002', 'c0ffee00'];
    assert.deepEqual(await idsOf(archive), [third, second, crash, first]);
    assert.deepEqual(await idsOf(archive, '--since', '30m'), [third]);
    assert.deepEqual(await idsOf(archive, '--until', '90m'), [crash, first]);
    assert.deepEqual(await idsOf(archive, '--since', '2020-01-01', '--last', '2'), [third, second]);
    assert.deepEqual(await idsOf(archive, '--kind', 'js-busy', '--reverse'), [
      first,
      second,
      third,
    ]);
    assert.deepEqual(await idsOf(archive, '--kind', 'uncaught-exception'), [crash]);
    assert.deepEqual(await idsOf(archive, '--signature', 'OrderError'), [crash]);
    assert.deepEqual(await idsOf(archive, '--pid', '77'), [crash]);
    assert.deepEqual(await idsOf(archive, '--host', 'db1'), [crash]);
    assert.deepEqual(await idsOf(archive, '--search', 'CANNOT PRICE'), [crash]);
    assert.deepEqual(await idsOf(archive, '--search', 'orderservice.place', '--last', '1'), [
      third,
    ]);
    assert.deepEqual(await idsOf(archive, '--search', 'no such words'), []);
    const none = await runSleeper(['list', '--pid', '5'], { archive });
    assert.match(none.stdout, /^None of the 4 reports in .* is like that\.\n$/);
  });

  test('--group: one line for each trouble, with what was only counted', async (t) => {
    const archive = await makeArchive(t);
    await openArchive(archive).count(
      factsOf({ ...hangReport(), capturedAt: new Date().toISOString() }),
    );
    const { stdout } = await runSleeper(['list', '--group'], { archive });
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? '', /^4 .*js-busy .*1f3a0002$/);
    assert.match(lines[2] ?? '', /^1 .*uncaught-exception .*c0ffee00$/);
    const json = await runSleeper(['list', '--group', '--json', '--sort', 'count', '--reverse'], {
      archive,
    });
    const groups = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { count: number; reports: string[] });
    assert.deepEqual(
      groups.map(({ count, reports }) => [count, reports.length]),
      [
        [1, 1],
        [4, 3],
      ],
    );
  });

  test('without its index, or with a spoilt one, it is the same', async (t) => {
    const archive = await makeArchive(t);
    const index = path.join(archive, '.index');
    const expected = await runSleeper(['list'], { archive });
    for (const spoil of [
      () => {
        fs.rmSync(index);
      },
      () => {
        fs.writeFileSync(index, 'nonsense\n1f\t2\t\t\t{}\n-\n');
      },
      () => {
        fs.truncateSync(index, 700);
      },
      () => {
        fs.rmSync(index);
        fs.symlinkSync('/dev/zero', index);
      },
    ]) {
      spoil();
      const again = await runSleeper(['list'], { archive });
      assert.deepEqual([again.stdout, again.status], [expected.stdout, 0]);
    }
  });
});

suite('sleeper pin and note', () => {
  test('a pinned report outlives its time; a note is kept beside it', async (t) => {
    const archive = await makeArchive(t);
    assert.equal((await runSleeper(['pin', '1f3a0000'], { archive })).stdout, 'pinned: 1f3a0000\n');
    const noted = await runSleeper(['note', '1f3a0000', 'seen', 'with', 'Anna: fixed in 4.2'], {
      archive,
    });
    assert.match(
      noted.stdout,
      /^\d{4}-\d\d-\d\d \d\d:\d\d {2}\S+: seen with Anna: fixed in 4\.2\n$/,
    );
    const table = await runSleeper(['list', '--pinned'], { archive });
    assert.match(table.stdout, /\[pinned\] \[note\] .*1f3a0000\n$/);
    const pruned = await runSleeper(['prune', '--max-age', '1ms'], { archive });
    assert.equal(pruned.stdout.split('\n').length, 4);
    assert.deepEqual(await idsOf(archive), ['1f3a0000']);
    await runSleeper(['pin', '--remove', 'last'], { archive });
    await runSleeper(['prune', '--max-age', '1ms'], { archive });
    assert.deepEqual(reportsIn(archive), []);
    assert.deepEqual(
      fs.readdirSync(archive).filter((name) => /note|pin/.test(name)),
      [],
    );
  });
});

suite('sleeper prune --remember', () => {
  test('its limits hold for whoever seals next; damaged, the defaults do', async (t) => {
    const archive = await makeArchive(t);
    const { status, stderr } = await runSleeper(['prune', '--keep', '3', '--remember'], {
      archive,
    });
    assert.equal(status, 0, stderr);
    assert.equal(reportsIn(archive).length, 3);
    const seal = async (id: string): Promise<void> => {
      const report = { ...syncIoReport(), id, capturedAt: new Date().toISOString() };
      await openArchive(archive).seal(encodeReport(report), factsOf(report));
    };
    await seal('aaaa0001-77aa-4c1b-9d55-0a8c5b1e2f30');
    assert.equal(reportsIn(archive).length, 3);
    assert.equal((await runSleeper(['verify'], { archive })).status, 0);
    fs.writeFileSync(path.join(archive, '.limits'), '{"maxReports": "none"}');
    await seal('aaaa0002-77aa-4c1b-9d55-0a8c5b1e2f30');
    assert.equal(reportsIn(archive).length, 4);
  });

  test('--dry-run remembers nothing', async (t) => {
    const archive = await makeArchive(t);
    await runSleeper(['prune', '--keep', '1', '--remember', '--dry-run'], { archive });
    assert.ok(!fs.existsSync(path.join(archive, '.limits')));
    assert.equal(reportsIn(archive).length, 4);
  });
});

suite('sleeper verify', () => {
  test('all is well, then it is not, and is said file by file', async (t) => {
    const archive = await makeArchive(t);
    const good = await runSleeper(['verify'], { archive });
    assert.match(good.stdout, /^4 reports, .*: all whole\n$/);
    assert.equal(good.status, 0);
    const [first = '', second = '', third = ''] = reportsIn(archive).map((name) =>
      path.join(archive, name),
    );
    const bytes = fs.readFileSync(first);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    fs.writeFileSync(first, bytes);
    fs.truncateSync(second, 2_000);
    fs.chmodSync(third, 0o644);
    fs.writeFileSync(path.join(archive, 'notes.txt'), '');
    const bad = await runSleeper(['verify'], { archive });
    assert.equal(bad.status, 1);
    assert.match(bad.stdout, /error {2}\S+: part of the report: .*damaged at byte/);
    assert.match(bad.stdout, /error {2}\S+: the rest of the report, .*cut after 2000 bytes/);
    assert.match(bad.stdout, /error {2}\S+: others may use it \(mode 0644\)/);
    assert.match(bad.stdout, /note {2}notes\.txt: not of sleeper/);
    const mended = await runSleeper(['verify', '--mend', '--json'], { archive });
    const { findings } = JSON.parse(mended.stdout) as {
      findings: { problem: string; isMended: boolean }[];
    };
    assert.equal(findings.find(({ problem }) => problem.includes('0644'))?.isMended, true);
    assert.equal(fs.statSync(third).mode & 0o777, 0o600);
    assert.equal((await idsOf(archive)).length, 4);
  });
});

suite('sleeper export and import', () => {
  test('an archive that takes nothing: it says why, and that nothing is lost', async (t) => {
    const archive = await makeArchive(t);
    const file = path.join(makeDirectory(t, 'mail'), 'reports.gz');
    await runSleeper(['export', 'last', '-o', file], { archive });
    const open = makeDirectory(t, 'open');
    fs.chmodSync(open, 0o777);
    const { status, stderr } = await runSleeper(['import', file], { archive: open });
    assert.equal(status, 1);
    assert.match(stderr, /others may write to it/);
    assert.doesNotMatch(stderr, /lost/);
  });

  test('one file carries reports and notes to another machine', async (t) => {
    const archive = await makeArchive(t);
    await runSleeper(['note', 'c0ff', 'look at the cause'], { archive });
    const file = path.join(makeDirectory(t, 'mail'), 'reports.gz');
    const out = await runSleeper(['export', 'c0ff', '1f3a0001', '-o', file], { archive });
    assert.match(out.stdout, /^2 reports, .* in .*reports\.gz\n$/);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const again = await runSleeper(['export', 'c0ff', '-o', file], { archive });
    assert.match(again.stderr, /there is such a file/);

    const elsewhere = path.join(makeDirectory(t, 'there'), 'archive');
    const came = await runSleeper(['import', file], { archive: elsewhere });
    assert.equal(came.stdout.match(/^imported /gm)?.length, 2, came.stdout + came.stderr);
    const twice = await runSleeper(['import', file], { archive: elsewhere });
    assert.equal(twice.stdout.match(/^already there: /gm)?.length, 2);
    const names = reportsIn(elsewhere);
    assert.equal(names.length, 2);
    for (const name of names) {
      assert.deepEqual(
        fs.readFileSync(path.join(elsewhere, name)),
        fs.readFileSync(path.join(archive, name)),
      );
    }
    assert.match(
      (await runSleeper(['note', 'c0ff'], { archive: elsewhere })).stdout,
      /look at the cause/,
    );
  });

  test('--share takes out what tells where it ran, and secrets that older rules let through', async (t) => {
    const directory = makeDirectory(t, 'share');
    const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    const base = syncIoReport();
    const leaky: Report = {
      ...base,
      capturedAt: new Date().toISOString(),
      verdict: {
        ...base.verdict,
        summary: `It sends ${secret}.`,
        evidence: [{ text: `token=${secret}` }],
      },
      process: { ...base.process, env: { HOME: '/home/anna', REGION: 'eu-secret-region' } },
      host: { ...base.host, hostname: 'db7.internal' },
      requests: [{ type: 'connect', state: 'waiting', peer: '10.9.8.7:5432' }],
    };
    await openArchive(directory).seal(encodeReport(leaky), factsOf(leaky));
    await runSleeper(['note', 'last', 'for us only'], { archive: directory });
    const file = path.join(makeDirectory(t, 'mail'), 'shared.gz');
    assert.equal(
      (await runSleeper(['export', 'last', '--share', '-o', file], { archive: directory })).status,
      0,
    );
    const elsewhere = makeDirectory(t, 'there');
    await runSleeper(['import', file], { archive: elsewhere });
    const [name = ''] = reportsIn(elsewhere);
    const bytes = fs.readFileSync(path.join(elsewhere, name));
    for (const word of [secret, 'db7', 'anna', 'eu-secret-region', '10.9.8.7', 'for us only']) {
      assert.ok(!bytes.includes(word) && !name.includes(word), word);
    }
    const shared = decodeReport(bytes, name);
    assert.equal(shared.id, leaky.id);
    assert.equal(shared.verdict.kind, 'sync-io');
    assert.deepEqual(shared.process.env, { HOME: '[redacted]', REGION: '[redacted]' });
    assert.ok(shared.redactions.count >= 5);
  });

  test('what is no export, or a damaged one, is refused, and nothing is taken', async (t) => {
    const archive = await makeArchive(t);
    const mail = makeDirectory(t, 'mail');
    const file = path.join(mail, 'reports.gz');
    await runSleeper(['export', 'last', '-o', file], { archive });
    const bytes = fs.readFileSync(file);
    const damaged = path.join(mail, 'damaged.gz');
    fs.writeFileSync(damaged, bytes.subarray(0, bytes.length - 50));
    const text = path.join(mail, 'text.gz');
    fs.writeFileSync(text, 'Dear colleague');
    const elsewhere = path.join(mail, 'archive');
    for (const wrong of [damaged, text, path.join(mail, 'none'), '/dev/zero']) {
      const { status, stderr } = await runSleeper(['import', wrong], { archive: elsewhere });
      assert.equal(status, 1, wrong);
      assert.match(stderr, /^sleeper: Cannot /);
    }
    assert.ok(!fs.existsSync(elsewhere) || reportsIn(elsewhere).length === 0);
  });
});
