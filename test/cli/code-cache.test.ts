/** What V8 compiled of the bundle is found again, and nothing else is ever taken for it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { makeDirectory } from '../harness/spawn-target.ts';

const loader = fileURLToPath(import.meta.resolve('#dist/cli/code-cache.cjs'));
const sources = {
  'main.cjs': `'use strict';
    const path = require('node:path');
    const { answer } = require('./part.cjs');
    exports.main = () => console.log(answer(42) + path.basename(__filename));`,
  'part.cjs': `'use strict';
    exports.answer = (n) => { const late = () => 'the answer is ' + n + ', from '; return late(); };`,
};

/** A bundle of two files, and a cache of its own. */
class Scene {
  readonly #directory: string;
  readonly #home: string;

  constructor(t: TestContext) {
    this.#directory = makeDirectory(t, 'bundle');
    this.#home = makeDirectory(t, 'cache');
    this.write(sources);
  }

  get cache(): string {
    return path.join(this.#home, 'sleeper');
  }

  get code(): string {
    return path.join(this.cache, 'code');
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files))
      fs.writeFileSync(path.join(this.#directory, name), text);
  }

  /** @returns what it printed */
  run(node: NodeName, ...flags: string[]): string {
    const main = path.join(this.#directory, 'main.cjs');
    const script = `require(${JSON.stringify(loader)}).requireBundled(${JSON.stringify(main)}).main()`;
    const { stdout, stderr, status } = spawnSync(nodeBinary(node), [...flags, '-e', script], {
      env: { XDG_CACHE_HOME: this.#home },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  }

  files(): string[] {
    return fs.existsSync(this.code)
      ? fs.readdirSync(this.code).map((name) => path.join(this.code, name))
      : [];
  }

  /** How often each file's code was kept: V8 takes it when that is more than once. */
  written(): number[] {
    return this.files().map((file) => {
      const [head = ''] = fs.readFileSync(file, 'latin1').split('\n', 1);
      return (JSON.parse(head) as { written: number }).written;
    });
  }
}

const ours = 'the answer is 42, from main.cjs';

suite('compiled code', () => {
  for (const node of ['20', '22', '24', '26'] as const)
    test(`Node.js ${node} takes what it kept, adds to it for a while, and then leaves it`, (t) => {
      const scene = new Scene(t);
      for (const times of [1, 2, 3, 4, 5, 5]) {
        assert.equal(scene.run(node), ours);
        assert.deepEqual(scene.written(), [times, times]);
      }
      for (const directory of [scene.cache, scene.code])
        assert.equal(fs.statSync(directory).mode & 0o777, 0o700);
      for (const file of scene.files()) assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    });

  test('other versions, other flags and other sources have their own', (t) => {
    const scene = new Scene(t);
    scene.run('24');
    scene.run('22');
    scene.run('24', '--max-semi-space-size=2');
    assert.deepEqual(scene.written(), [1, 1, 1, 1, 1, 1]);
    // Of the same length: V8 would not notice.
    scene.write({ 'part.cjs': sources['part.cjs'].replace('answer is', 'number is') });
    assert.equal(scene.run('24'), ours.replace('answer is', 'number is'));
    assert.deepEqual(scene.written().sort(), [1, 1, 1, 1, 1, 1, 2].sort());
  });

  const spoilt: Readonly<Record<string, (file: string, scene: Scene) => void>> = {
    'a byte changed': (file) => {
      const bytes = fs.readFileSync(file);
      const at = bytes.indexOf('\n') + 200;
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      fs.writeFileSync(file, bytes);
    },
    'cut short': (file) => {
      fs.truncateSync(file, fs.statSync(file).size - 8);
    },
    empty: (file) => {
      fs.truncateSync(file, 0);
    },
    "another file's": (file, scene) => {
      const [other = ''] = scene.files().filter((one) => one !== file);
      fs.copyFileSync(other, file);
    },
    'writable by others': (file) => {
      fs.chmodSync(file, 0o666);
    },
    'a link': (file, { cache }) => {
      const elsewhere = path.join(cache, 'elsewhere');
      fs.renameSync(file, elsewhere);
      fs.symlinkSync(elsewhere, file);
    },
  };
  for (const [what, spoil] of Object.entries(spoilt))
    test(`not used: ${what}`, (t) => {
      const scene = new Scene(t);
      scene.run('24');
      for (const file of scene.files().slice(0, 1)) spoil(file, scene);
      assert.equal(scene.run('24'), ours);
      assert.deepEqual(scene.written().sort(), [1, 2]);
    });

  const unsafe: Readonly<Record<string, (scene: Scene) => void>> = {
    'others may write there': ({ code }) => {
      fs.chmodSync(code, 0o777);
    },
    'it is a link': ({ code }) => {
      fs.renameSync(code, `${code}-real`);
      fs.symlinkSync(`${code}-real`, code);
    },
    'the directory around it is open to others': ({ cache }) => {
      fs.chmodSync(cache, 0o755);
    },
    'it is a file': ({ code }) => {
      fs.rmdirSync(code);
      fs.writeFileSync(code, '');
    },
  };
  for (const [what, spoil] of Object.entries(unsafe))
    test(`nothing is kept where ${what}`, (t) => {
      const scene = new Scene(t);
      fs.mkdirSync(scene.code, { recursive: true, mode: 0o700 });
      fs.chmodSync(scene.cache, 0o700);
      spoil(scene);
      assert.equal(scene.run('24'), ours);
      if (fs.statSync(scene.code).isDirectory()) assert.deepEqual(scene.files(), []);
    });

  test('it does not grow without end, and what a killed writer left goes', (t) => {
    const scene = new Scene(t);
    scene.run('24');
    const hourAgo = Date.now() / 1000 - 4_000;
    for (let i = 0; i < 200; i++) {
      const file = path.join(scene.code, `${String(i)}.${i === 0 ? 'code.7.new' : 'code'}`);
      fs.writeFileSync(file, '{"written":9}\n', { mode: 0o600 });
      fs.utimesSync(file, hourAgo, hourAgo);
    }
    scene.run('24');
    assert.equal(scene.files().length, 128);
    assert.deepEqual(
      scene.written().filter((times) => times !== 9),
      [2, 2],
    );
  });
});
