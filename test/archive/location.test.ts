import assert from 'node:assert/strict';
import fs from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { locateArchive } from '#dist/archive/location.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import { nobodyUid, runSealer } from './run-sealer.ts';
import type { SealAnswer } from './run-sealer.ts';

suite('where the archive is', () => {
  const env = { SLEEPER_ARCHIVE: '/var/reports', XDG_STATE_HOME: '/var/state' };

  test('the option, then the environment, then by user', () => {
    assert.equal(locateArchive('/var/mine', env, 0), '/var/mine');
    assert.equal(locateArchive('mine', env, 0), path.resolve('mine'));
    assert.equal(locateArchive(undefined, env, 0), '/var/reports');
    assert.equal(locateArchive(undefined, {}, 0), '/var/lib/sleeper');
    assert.equal(
      locateArchive(undefined, { XDG_STATE_HOME: '/var/state' }, 1),
      '/var/state/sleeper',
    );
    assert.equal(locateArchive(undefined, {}, 1), path.join(homedir(), '.local/state/sleeper'));
  });

  test('empty and relative values of the environment count as absent', () => {
    assert.equal(locateArchive('', { SLEEPER_ARCHIVE: '' }, 0), '/var/lib/sleeper');
    const relative = locateArchive(undefined, { XDG_STATE_HOME: 'state' }, 1);
    assert.equal(relative, path.join(homedir(), '.local/state/sleeper'));
  });
});

function assertRefused(
  [answer]: readonly (SealAnswer | undefined)[],
  code: string,
  pattern: RegExp,
): void {
  assert.equal(answer?.code, code);
  assert.match(answer.message ?? '', pattern);
}

const unsafe = 'ERR_SLEEPER_ARCHIVE_UNSAFE';
const isRoot = process.geteuid?.() === 0;
/** As whom the tests run: root tries both, anybody else tries itself. */
const users: readonly (readonly [string, number])[] = isRoot
  ? [
      ['root', 0],
      ['nobody', nobodyUid],
    ]
  : [['this user', process.geteuid?.() ?? -1]];

for (const [name, uid] of users) {
  const asUser = isRoot && uid !== 0 ? ['--uid', String(uid)] : [];
  const seal = (directory: string): Promise<SealAnswer[]> => runSealer([directory, ...asUser]);
  /** A directory of that user, in a place everybody may pass through. */
  const makeOwn = (t: Parameters<typeof makeDirectory>[0]): string => {
    const directory = makeDirectory(t, 'location');
    fs.chownSync(directory, uid, fs.statSync(directory).gid);
    return directory;
  };

  suite(`as ${name}`, () => {
    test('the directory is created for its owner alone, and so are the files', async (t) => {
      const directory = path.join(makeOwn(t), 'state', 'sleeper');
      const [answer] = await seal(directory);
      const file = fs.statSync(answer?.path ?? '');
      assert.equal(file.mode & 0o7777, 0o600);
      assert.equal(file.uid, uid);
      assert.equal(fs.statSync(directory).mode & 0o7777, 0o700);
      assert.equal(fs.statSync(path.dirname(directory)).mode & 0o7777, 0o700);
    });

    test('a symbolic link is refused', async (t) => {
      const parent = makeOwn(t);
      const target = path.join(parent, 'target');
      const link = path.join(parent, 'link');
      fs.mkdirSync(target, { mode: 0o700 });
      fs.chownSync(target, uid, fs.statSync(parent).gid);
      fs.symlinkSync(target, link);
      assertRefused(await seal(link), unsafe, /it is a symbolic link/);
      assert.deepEqual(fs.readdirSync(target), []);
    });

    for (const mode of [0o770, 0o702, 0o1777]) {
      test(`mode ${mode.toString(8)} is refused`, async (t) => {
        const directory = makeOwn(t);
        fs.chmodSync(directory, mode);
        assertRefused(await seal(directory), unsafe, /others may write to it \(mode \d{4}\)/);
        assert.deepEqual(fs.readdirSync(directory), []);
      });
    }

    test('a file in its place is refused', async (t) => {
      const file = path.join(makeOwn(t), 'file');
      fs.writeFileSync(file, 'precious');
      assertRefused(await seal(file), unsafe, /it is no directory/);
      assert.equal(fs.readFileSync(file, 'utf8'), 'precious');
    });

    test('a place where nothing can be created is named', async () => {
      assertRefused(
        await seal('/proc/sleeper'),
        'ERR_SLEEPER_ARCHIVE_WRITE',
        /Cannot create .*: E/,
      );
    });

    if (uid !== 0) {
      test('a directory of root is refused', async () => {
        assertRefused(await seal('/usr/lib'), unsafe, /it belongs to user 0/);
      });

      test('one without the right to write is refused', async (t) => {
        const directory = makeOwn(t);
        fs.chmodSync(directory, 0o500);
        assertRefused(await seal(directory), 'ERR_SLEEPER_ARCHIVE_WRITE', /EACCES/);
      });
    } else {
      test('a directory of somebody else is refused', async (t) => {
        const directory = makeOwn(t);
        fs.chownSync(directory, nobodyUid, nobodyUid);
        assertRefused(
          await seal(directory),
          unsafe,
          /it belongs to user 65534, and this is user 0/,
        );
      });
    }
  });
}
