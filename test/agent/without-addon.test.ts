/** A program whose agent cannot load the addon: what JavaScript alone sees is reported, the rest is told once as lost. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeBinary } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { readReports } from '../harness/reports-in.ts';
import { makeDirectory, patientDeath, spawnCommand, type Owner } from '../harness/spawn-target.ts';

/** An installation like ours, in which the addon was never built. */
function installWithoutAddon(owner: Owner): string {
  const place = makeDirectory(owner, 'without-addon');
  for (const name of ['dist', 'bin', 'package.json'])
    fs.cpSync(path.join(root, name), path.join(place, name), { recursive: true });
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(place, 'node_modules'));
  return place;
}

const program = (place: string, end: string): string => `
  const agent = require(${JSON.stringify(path.join(place, 'dist/agent/arm.cjs'))}).arm();
  agent.annotate('build', '7f3a');
  agent.breadcrumb('the last step');
  console.log('armed', agent.armed);
  new (require('node:worker_threads').Worker)('', { eval: true }).on('exit', () => { ${end} });`;

const ends = {
  'uncaught-exception': {
    end: 'throw Object.assign(new TypeError("no crate left"), { password: "hunter2" })',
    status: 1,
  },
  'unhandled-rejection': { end: 'Promise.reject(new RangeError("refused"))', status: 1 },
  'exit-called': { end: 'process.exit(3)', status: 3 },
};

for (const node of ['20', '26'] as const)
  for (const [kind, { end, status }] of Object.entries(ends))
    test(`node ${node}: ${kind}`, async (t) => {
      const place = installWithoutAddon(t);
      const archive = makeDirectory(t, 'archive');
      const register = path.join(place, 'dist/agent/register.cjs');
      const target = spawnCommand(
        t,
        [nodeBinary(node), '--require', register, '--eval', program(place, end)],
        { env: { SLEEPER_ARCHIVE: archive, ...patientDeath } },
      );
      assert.deepEqual(await target.exited, { status, signal: null }, target.lines.join('\n'));
      assert.equal(target.lines[0], 'armed true');
      const [report, ...others] = await readReports(archive);
      assert.ok(report !== undefined && others.length === 0, target.lines.join('\n'));
      assert.equal(report.verdict.kind, kind);
      assert.equal(report.process.pid, target.pid);
      if (kind !== 'exit-called') assert.match(report.verdict.summary, / in .+ at \[eval\]:\d+\.$/);
      assert.deepEqual(report.annotations, { build: '7f3a' });
      assert.equal(report.breadcrumbs?.[0]?.text, 'the last step');
      assert.doesNotMatch(JSON.stringify(report), /hunter2/);
      assert.ok(
        report.missing.some(({ reason }) => reason.includes('addon')),
        JSON.stringify(report.missing),
      );
      const log = fs
        .readFileSync(path.join(archive, 'agent-errors.log'), 'utf8')
        .trim()
        .split('\n');
      assert.equal(log.length, 1, log.join('\n'));
      assert.match(log[0] ?? '', /"what":"arm".*sleeper\.node.*"lost":"stacks with values, hangs/);
    });
