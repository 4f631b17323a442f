/** Code that V8 compiled before, and keeps, is as good with the agent as without: Node's own modules, and caches of programs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { suite, test } from 'node:test';
import { nodeBinary, nodeNames } from '../harness/node-versions.ts';
import { agentRegister } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import { makeWorkshop } from './armed-program.ts';

const useCache = `
  const fs = require('node:fs');
  const [, file] = process.argv;
  const { Script } = require('node:vm');
  const source = '(function add(a, b) { return a + b })';
  if (!fs.existsSync(file)) fs.writeFileSync(file, new Script(source).createCachedData());
  const script = new Script(source, { cachedData: fs.readFileSync(file) });
  console.log(script.cachedDataRejected ? 'stale' : 'good', script.runInThisContext()(20, 22));
`;

suite('a code cache', () => {
  for (const node of nodeNames) {
    test(`node ${node}: made without the agent, taken with it, and the other way round`, (t) => {
      const directory = makeDirectory(t, 'code-cache');
      const { env } = makeWorkshop(t);
      const run = (name: string, flags: readonly string[]): string => {
        const args = [...flags, '--eval', useCache, path.join(directory, name)];
        const options = {
          encoding: 'utf8',
          env: { ...process.env, NODE_OPTIONS: '', ...env },
        } as const;
        const { stdout, stderr } = spawnSync(nodeBinary(node), args, options);
        assert.equal(stderr, '');
        return stdout.trim();
      };
      const agent = ['--require', agentRegister];
      run('without', []);
      run('with', agent);
      assert.equal(run('without', agent), 'good 42');
      assert.equal(run('with', []), 'good 42');
      assert.equal(run('with', ['--abort-on-uncaught-exception']), 'stale 42', 'flags do count');
    });
  }
});
