import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { isTemporaryName } from '#dist/archive/atomic-write.js';
import { namePartsOf, openArchive } from '#dist/archive/store.js';
import { encodeReport } from '#dist/encode/encode.js';
import { SleeperError } from '#dist/errors.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import { report } from '../view/parts.ts';
import { crashReport, hangReport } from '../view/reports.ts';
import { reportsIn } from '../harness/reports-in.ts';
import { runSealer, startSealer } from './run-sealer.ts';
import type { SealAnswer } from './run-sealer.ts';

function codeIs(code: string, pattern: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof SleeperError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

suite('sealing', () => {
  test('a sealed report is found by last, id, name and path', async (t) => {
    const archive = openArchive(path.join(makeDirectory(t, 'archive'), 'a'));
    const older = { ...crashReport(), capturedAt: '2026-11-23T00:48:30.999Z' };
    await archive.seal(encodeReport(older), namePartsOf(older));
    const sealed = await archive.seal(encodeReport(hangReport()), namePartsOf(hangReport()));
    assert.equal(path.basename(sealed), '20261123T004831Z-web1-4242-hang-1f3a9c2e.msgpack');
    for (const selector of [
      'last',
      '1f3a',
      '1F3A9C2E-77',
      '1f3a9c2e77aa',
      path.basename(sealed),
      sealed,
    ]) {
      assert.equal(await archive.find(selector), sealed, selector);
    }
    assert.deepEqual(await archive.read('c0ff'), older);
  });

  test('what is not there, or named twice, is said', async (t) => {
    const archive = openArchive(path.join(makeDirectory(t, 'archive'), 'a'));
    const missing = 'ERR_SLEEPER_NO_SUCH_REPORT';
    await assert.rejects(archive.find('last'), codeIs(missing, /holds no report/));
    assert.ok(!fs.existsSync(archive.path), 'reading created the archive');
    await archive.seal(encodeReport(hangReport()), namePartsOf(hangReport()));
    const twin = { ...hangReport(), id: '1f3a0000-0000-4000-8000-000000000000' };
    await archive.seal(encodeReport(twin), namePartsOf(twin));
    await assert.rejects(archive.find('1f3a'), codeIs('ERR_SLEEPER_USAGE', /2 reports have an id/));
    await assert.rejects(archive.find('ffff'), codeIs(missing, /begins with "ffff"/));
    await assert.rejects(archive.find(''), codeIs(missing, /begins with ""/));
    await assert.rejects(archive.read('./nowhere'), codeIs(missing, /there is no such file/));
  });

  test('a promised name is kept, and a strange one refused', async (t) => {
    const archive = openArchive(makeDirectory(t, 'archive'));
    const bytes = encodeReport(report());
    const fileName = '20200101T000000Z-elsewhere-7-request-00000000.msgpack';
    const sealed = await archive.seal(bytes, namePartsOf(report()), { fileName });
    assert.equal(sealed, path.join(archive.path, fileName));
    await assert.rejects(
      archive.seal(bytes, namePartsOf(report()), { fileName: '../escape.msgpack' }),
      codeIs('ERR_SLEEPER_ARCHIVE_WRITE', /not the name of a report/),
    );
  });

  test('a taken name is never overwritten', async (t) => {
    const archive = openArchive(makeDirectory(t, 'archive'));
    const first = await archive.seal(encodeReport(report()), namePartsOf(report()));
    const before = fs.readFileSync(first);
    const other = { ...hangReport(), id: report().id, trigger: report().trigger };
    const second = await archive.seal(encodeReport(other), namePartsOf(other));
    assert.match(second, /\.2\.msgpack$/);
    assert.deepEqual(fs.readFileSync(first), before);
    assert.equal((await archive.list()).entries.length, 2);
  });
});

suite('sealing against odds', () => {
  test('two writers at once, all names the same: every report is there, whole', async (t) => {
    const directory = makeDirectory(t, 'archive');
    const runs = await Promise.all([1, 2].map(() => runSealer([directory, '--count', '20'])));
    const paths = runs.flat().map((answer) => answer.path);
    assert.equal(new Set(paths).size, 40);
    const archive = openArchive(directory);
    const reports = await Promise.all(paths.map((one) => archive.read(one ?? '')));
    assert.equal(new Set(reports.map((one) => one.annotations?.['writer'])).size, 40);
    assert.equal(reportsIn(directory).length, 40);
  });

  test('killed between writing and naming: nothing but a leftover, which is skipped and later removed', async (t) => {
    const directory = makeDirectory(t, 'archive');
    const child = startSealer([directory, '--stop-before-link']);
    assert.ok(child.stdout);
    await once(child.stdout, 'data');
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    const [leftover, ...others] = fs.readdirSync(directory);
    assert.ok(leftover !== undefined && isTemporaryName(leftover));
    assert.deepEqual(others, []);

    const archive = openArchive(directory);
    const listing = await archive.list();
    assert.deepEqual(listing.entries, []);
    assert.equal(listing.skipped[0]?.reason, 'unfinished');
    const now = await archive.prune();
    assert.deepEqual(now.leftovers, [], 'its writer may still be alive');
    const later = await archive.prune({ nowMs: Date.now() + 3_600_000 });
    assert.deepEqual(later.leftovers, [{ fileName: leftover, fate: 'recovered' }]);
    assert.equal(reportsIn(directory).length, 1);
    assert.deepEqual((await archive.read('last')).verdict, report().verdict);
  });

  test('what was written of a report before its writer died is worth a name, and says what is missing', async (t) => {
    const directory = makeDirectory(t, 'archive');
    const name = '20261123T004831Z-web1-4242-hang-1f3a9c2e.msgpack';
    const bytes = encodeReport(hangReport());
    fs.writeFileSync(
      path.join(directory, `.${name}.0123456789abcdef.tmp`),
      bytes.subarray(0, 4_000),
    );
    const other = `.${name.replace('4242', '7')}.0123456789abcdef.tmp`;
    fs.writeFileSync(path.join(directory, other), bytes.subarray(0, 100));
    const archive = openArchive(directory);
    const { leftovers } = await archive.prune({ nowMs: Date.now() + 3_600_000 });
    assert.deepEqual(leftovers.map(({ fate }) => fate).sort(), ['deleted', 'recovered']);
    assert.deepEqual(reportsIn(directory), [name]);
    const read = await archive.read('last');
    assert.deepEqual(read.verdict, hangReport().verdict);
    assert.match(read.missing[0]?.reason ?? '', /cut after 4000 bytes/);
  });
});

suite('a full disk', () => {
  /** Runs the sealer on a file system of 128 KiB, of which `filledKiB` are taken by others. */
  async function onTinyDisk(
    directory: string,
    filledKiB: number,
    count: number,
  ): Promise<SealAnswer[]> {
    const namespace = process.geteuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-r', '-m'];
    const mount = ['mount', '-t', 'tmpfs', '-o', 'size=128k,mode=0755', 'none', directory];
    try {
      execFileSync('unshare', [...namespace.slice(1), ...mount], { stdio: 'pipe' });
    } catch (cause) {
      throw new Error(
        'This test mounts a tmpfs in a mount namespace of its own: run it as root with CAP_SYS_ADMIN, or allow user namespaces.',
        { cause },
      );
    }
    const script = `${mount.join(' ')} && mkdir -m 700 a && head -c ${filledKiB}K /dev/zero > filler; exec "$@"`;
    const inside = script.replaceAll(/ (a|filler)\b/g, ` ${directory}/$1`);
    const prefix = [...namespace, 'sh', '-c', inside, 'sh'];
    return runSealer([path.join(directory, 'a'), '--count', String(count)], prefix);
  }

  test('a report that does not fit is refused by name, and the file system is named', async (t) => {
    const directory = makeDirectory(t, 'disk');
    const [answer] = await onTinyDisk(directory, 128, 1);
    assert.equal(answer?.code, 'ERR_SLEEPER_ARCHIVE_WRITE');
    assert.match(
      answer.message ?? '',
      /^The report 1f3a9c2e-.* of process 4242 on web1 .* is lost\. It said: healthy.*ENOSPC\.$/,
    );
  });

  test('old reports make room for new ones', async (t) => {
    const directory = makeDirectory(t, 'disk');
    const answers = await onTinyDisk(directory, 92, 12);
    assert.deepEqual(
      answers.filter((answer) => answer.path === undefined),
      [],
    );
    assert.equal(answers.length, 12);
  });
});
