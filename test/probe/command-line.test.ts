/** What a program was started with, and what is left of that once it has given itself a title. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { parseCommandLine } from '#dist/probe/command-line.js';
import { readProcessFacts } from '#dist/probe/process-facts.js';
import { nodeBinary } from '../harness/node-versions.ts';
import { spawnCommand } from '../harness/spawn-target.ts';

suite('command line', () => {
  const argvOf = async (t: TestContext, script: string, ...words: string[]): Promise<string[]> => {
    const source = `${script}console.log('ready'); setInterval(() => {}, 1000)`;
    const target = spawnCommand(t, [nodeBinary('24'), '--eval', source, ...words]);
    await target.expect(/^ready$/);
    const { argv } = await readProcessFacts(target.pid, 1_000);
    assert.ok(argv.known);
    return argv.value;
  };

  test('words as they were given, empty ones too', async (t) => {
    const words = ['one two', '', 'three', ''];
    assert.deepEqual((await argvOf(t, '', ...words)).slice(3), words);
  });

  test('a title stands alone', async (t) => {
    const title = 'shop-server (v15.5)';
    const argv = await argvOf(t, `process.title = '${title}'; `, 'some', 'more', 'words');
    assert.deepEqual(argv, [title]);
  });

  test('nothing is made up', () => {
    assert.deepEqual(parseCommandLine(''), []);
    assert.deepEqual(parseCommandLine('node\0'), ['node']);
    assert.deepEqual(parseCommandLine('node\0\0'), ['node', '']);
    assert.deepEqual(parseCommandLine('node\0a.js'), ['node', 'a.js']);
  });
});
