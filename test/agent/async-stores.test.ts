/** What AsyncLocalStorage held where an error was thrown, whichever way a version of Node keeps it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { agentRegister } from '../harness/paths.ts';
import { readReports } from '../harness/reports-in.ts';
import { makeDirectory, patientDeath, spawnCommand, type Owner } from '../harness/spawn-target.ts';

const program = (end: string): string => `
  const { AsyncLocalStorage } = require('node:async_hooks');
  const requests = new AsyncLocalStorage();
  const users = new AsyncLocalStorage();
  const store = { requestId: 'r-17', password: 'hunter2', get loud() { console.log('called'); } };
  requests.run(store, () => users.run('berta', () => setTimeout(async () => { await null; ${end} }, 5)));
  requests.run({ requestId: 'r-18' }, () => setTimeout(() => {}, 1e6));`;

async function storesAtTheEnd(owner: Owner, node: NodeName, end: string): Promise<Report> {
  const archive = makeDirectory(owner, 'archive');
  const command = [nodeBinary(node), '--require', agentRegister, '--eval', program(end)] as const;
  const target = spawnCommand(owner, command, {
    env: { SLEEPER_ARCHIVE: archive, ...patientDeath },
  });
  await target.exited;
  assert.ok(!target.lines.includes('called'), 'nothing of the program runs');
  const [report, ...others] = await readReports(archive);
  assert.ok(report !== undefined && others.length === 0, target.lines.join('\n'));
  return report;
}

const ends = {
  'an error in a callback': 'setImmediate(() => { throw new Error("late") })',
  'a rejection': 'throw new Error("refused")',
  'process.exit()': 'process.exit(3)',
};

for (const node of ['20', '22', '24', '26'] as const)
  for (const [name, end] of Object.entries(ends))
    test(`node ${node}: ${name}`, async (t) => {
      const { asyncStores = [], trigger } = await storesAtTheEnd(t, node, end);
      const text = JSON.stringify(asyncStores);
      assert.equal(asyncStores.length, 2, `${trigger.kind}: ${text}`);
      assert.match(text, /r-17/);
      assert.match(text, /berta/);
      assert.doesNotMatch(text, /r-18|hunter2/);
    });
