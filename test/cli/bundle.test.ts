/** The bundle does what the modules do. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { readReports } from '../harness/reports-in.ts';
import { type Owner, makeDirectory, patientDeath, spawnCommand } from '../harness/spawn-target.ts';
import { spawnZoo } from '../harness/spawn-zoo.ts';

const run = promisify(execFile);

/** Files that are loaded with one, whatever it is asked for. */
function loadedBy(directory: string, file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = fs.readFileSync(path.join(directory, file), 'utf8');
  for (const [, next] of text.matchAll(/^\S.* = require\("\.\/([\w.-]+)"\);$/gm)) {
    if (next !== undefined) loadedBy(directory, next, seen);
  }
  return seen;
}

/** It finds the addon and its helper, and takes secrets out, which it does with code loaded late. */
async function useBundledAgent(owner: Owner, file: string): Promise<void> {
  const archive = makeDirectory(owner, 'archive');
  const source = `
    require(${JSON.stringify(file)}).arm().annotate('api-key', 'hunter-2');
    function charge(order) { throw new Error('refused'); }
    charge(4711);`;
  const env = { SLEEPER_ARCHIVE: archive, ...patientDeath };
  const program = spawnCommand(owner, [nodeBinary('24'), '--eval', source], { env });
  assert.deepEqual(await program.exited, { status: 1, signal: null });
  const [report] = await readReports(archive);
  const frame = report?.threads[0]?.frames.find(({ function: name }) => name === 'charge');
  assert.equal(frame?.arguments[0]?.value.preview, '4711');
  assert.deepEqual(report?.annotations, { 'api-key': '[redacted]' });
}

test('the bundle: help, usage errors, a dump with values, and the agent', async (t) => {
  // Beside the modules, as the real one; not where the command looks, as other tests are running it.
  const directory = path.join(root, 'dist', `bundle-${String(process.pid)}`);
  t.after(() => {
    fs.rmSync(directory, { recursive: true, force: true });
  });
  await run(process.execPath, [path.join(root, 'test', 'bundle.mjs'), directory]);
  const entry = path.join(directory, 'run.cjs');
  fs.writeFileSync(
    entry,
    `require('./start.cjs').requireBundled(__dirname + '/main.cjs').main(process.argv);`,
  );
  const bundled = (...args: string[]) =>
    run(process.execPath, [entry, ...args]).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: unknown) => error as { code: number; stdout: string },
    );

  const needed = loadedBy(directory, 'main.cjs');
  assert.ok(needed.has('base.cjs'));
  for (const file of ['capture.cjs', 'archive.cjs', 'text.cjs'])
    assert.ok(!needed.has(file), `every command loads ${file}`);

  const archive = makeDirectory(t, 'archive');
  for (const args of [['--help'], ['--version'], ['dump', '--help'], ['dump', 'x']]) {
    const { status, stdout } = await runSleeper(args, { archive });
    const { code, stdout: ours } = await bundled(...args);
    assert.deepEqual([code, ours], [status, stdout], args.join(' '));
  }
  const { pid } = await spawnZoo(t, 'hang/interpreted-loop');
  const { code, stdout } = await bundled('dump', '--json', '--no-archive', String(pid));
  assert.equal(code, 10);
  const { verdict } = JSON.parse(stdout) as { verdict: { kind: string } };
  assert.equal(verdict.kind, 'js-busy');
  const request = { pid, mode: 'report', trigger: { kind: 'request', reason: 'asked' }, archive };
  const helper = spawnSync(process.execPath, [entry, 'agent-capture'], {
    input: JSON.stringify(request),
    encoding: 'utf8',
  });
  assert.match(helper.stdout, /^REPORT \//);
  assert.match(fs.readFileSync(path.join(archive, 'sleeper.log'), 'utf8'), /"trigger":"request"/);
  await useBundledAgent(t, path.join(directory, 'agent.cjs'));
  assert.match(
    fs.readFileSync(path.join(directory, 'LICENCES'), 'utf8'),
    /acorn[^]*MIT[^]*commander[^]*msgpackr[^]*valibot[^]*pino[^]*sonic-boom/,
  );
});
