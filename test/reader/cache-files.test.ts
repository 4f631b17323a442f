/** The cache: what is put in comes out, and nothing that somebody else could have put there does. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { limits } from '#dist/limits.js';
import { readCacheFile, writeCacheFile } from '#dist/reader/memory/cache-files.js';
import { runSleeper } from '../harness/cli.ts';
import { ownCache } from '../harness/own-cache.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';

/** Without those of its own code. */
function filesIn(directory: string): string[] {
  const entries = fs.readdirSync(directory, { withFileTypes: true });
  return entries.flatMap((one) => (one.isFile() ? [path.join(directory, one.name)] : []));
}

function onlyFile(directory: string): string {
  const [file, ...others] = filesIn(directory);
  assert.ok(file !== undefined && others.length === 0);
  return file;
}

suite('cache files', () => {
  test('what was written is read, by its key only, and closed to others', (t) => {
    const directory = ownCache(t);
    assert.equal(readCacheFile('one'), null);
    writeCacheFile('one', { list: [1, 'two'] });
    writeCacheFile('two', 2);
    assert.deepEqual(readCacheFile('one'), { list: [1, 'two'] });
    assert.equal(readCacheFile('two'), 2);
    assert.equal(readCacheFile('three'), null);
    assert.equal(fs.statSync(directory).mode & 0o777, 0o700);
    for (const file of filesIn(directory)) assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  const spoilt: Record<string, (file: string, directory: string) => void> = {
    'one byte changed': (file) => {
      const bytes = fs.readFileSync(file);
      const last = bytes.length - 3;
      bytes[last] = (bytes[last] ?? 0) ^ 1;
      fs.writeFileSync(file, bytes);
    },
    'cut short': (file) => {
      fs.truncateSync(file, 70);
    },
    empty: (file) => {
      fs.truncateSync(file, 0);
    },
    'readable by the group': (file) => {
      fs.chmodSync(file, 0o640);
    },
    'writable by everybody': (file) => {
      fs.chmodSync(file, 0o666);
    },
    'a link to it': (file, directory) => {
      const elsewhere = path.join(path.dirname(directory), 'elsewhere');
      fs.renameSync(file, elsewhere);
      fs.symlinkSync(elsewhere, file);
    },
    'a second name': (file, directory) => {
      fs.linkSync(file, path.join(path.dirname(directory), 'second'));
    },
    'the file of another key': (file) => {
      writeCacheFile('other', 'wrong');
      const other = filesIn(path.dirname(file)).find((one) => one !== file);
      assert.ok(other);
      fs.renameSync(other, file);
    },
    'a directory': (file) => {
      fs.rmSync(file);
      fs.mkdirSync(file);
    },
    'too large': (file) => {
      fs.truncateSync(file, limits.maxCacheBytes + 1);
    },
    'in a directory that others may enter': (_, directory) => {
      fs.chmodSync(directory, 0o755);
    },
    'in a directory that is a link': (_, directory) => {
      fs.renameSync(directory, `${directory}-real`);
      fs.symlinkSync(`${directory}-real`, directory);
    },
  };
  for (const [what, spoil] of Object.entries(spoilt))
    test(`not used: ${what}`, (t) => {
      const directory = ownCache(t);
      writeCacheFile('key', 'right');
      assert.equal(readCacheFile('key'), 'right');
      spoil(onlyFile(directory), directory);
      assert.equal(readCacheFile('key'), null);
    });

  test('not used: of another user', (t) => {
    if (process.getuid?.() !== 0) return;
    const directory = ownCache(t);
    writeCacheFile('key', 'right');
    fs.chownSync(onlyFile(directory), 65_534, 65_534);
    assert.equal(readCacheFile('key'), null);
    fs.chownSync(directory, 65_534, 65_534);
    writeCacheFile('key', 'mine');
    assert.equal(readCacheFile('key'), null);
    assert.equal(filesIn(directory).length, 0, 'nothing was written there');
  });

  test('the oldest go when there are too many', (t) => {
    const directory = ownCache(t);
    for (let i = 0; i < limits.maxCacheFiles + 5; i++) {
      writeCacheFile(String(i), i);
      for (const file of filesIn(directory)) {
        const { mtimeMs } = fs.statSync(file);
        fs.utimesSync(file, mtimeMs / 1000 - 10, mtimeMs / 1000 - 10);
      }
    }
    assert.equal(filesIn(directory).length, limits.maxCacheFiles);
    assert.equal(readCacheFile('0'), null);
    assert.equal(readCacheFile(String(limits.maxCacheFiles + 4)), limits.maxCacheFiles + 4);
  });

  test('a dump fills it, and says the same with it, without it and after it was spoilt', async (t) => {
    const directory = ownCache(t);
    const archive = makeDirectory(t, 'archive');
    const { pid } = await spawnZoo(t, 'hang/sync-fifo-read');
    const frames = async (): Promise<string[]> => {
      const { stdout } = await runSleeper(['dump', '--json', '--no-archive', String(pid)], {
        archive,
      });
      const { threads } = JSON.parse(stdout) as {
        threads: { kind: string; frames: { function: string }[] }[];
      };
      return threads.find(({ kind }) => kind === 'main')?.frames.map((one) => one.function) ?? [];
    };
    const without = await frames();
    assert.ok(
      without.some((name) => name.includes('uv_run')),
      without.join(),
    );
    assert.ok(filesIn(directory).length >= 3, 'symbols, what was learned, names');
    assert.deepEqual(await frames(), without);
    for (const file of filesIn(directory)) fs.appendFileSync(file, ' ');
    assert.deepEqual(await frames(), without);
  });
});
