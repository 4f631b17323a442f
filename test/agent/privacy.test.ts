/** Secrets planted in every place a report can carry one: none may be found in the bytes of any file that we write. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { runSleeper } from '../harness/cli.ts';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { agentRegister, root } from '../harness/paths.ts';
import { type Owner, spawnCommand, type Target } from '../harness/spawn-target.ts';
import { waitFor, waitForCpu } from '../harness/wait.ts';
import { ask } from './armed-program.ts';
import { makePlace, type Place, reports } from './flight-programs.ts';
import { mark, password, places, plantedProgram, token } from './planted-secrets.ts';

const inFull = Object.fromEntries(places.map((place) => [place, token(place)]));
const underNames = Object.fromEntries(places.map((place) => [place, password(place)]));

function startPlanted(owner: Owner, place: Place, node: NodeName, mode: string): Target {
  const directory = path.dirname(place.archive);
  const tokensFile = path.join(directory, 'tokens.json');
  const program = path.join(directory, 'app.cjs');
  fs.writeFileSync(tokensFile, JSON.stringify({ tokens: inFull, passwords: underNames }));
  const arm = agentRegister.replace('register', 'arm');
  const pino = path.join(root, 'node_modules/pino');
  fs.writeFileSync(program, plantedProgram(tokensFile, pino, arm));
  return spawnCommand(
    owner,
    [
      nodeBinary(node),
      '--require',
      agentRegister,
      program,
      `--password=${password('argv')}`,
      token('argv'),
    ],
    {
      env: {
        ...place.env,
        SLEEPER_DEATH_LIMIT_MS: '60000',
        MODE: mode,
        PLAIN_NAME: token('env'),
        API_KEY: password('env'),
      },
    },
  );
}

/** Everything below the directories of archive and recorder. */
function assertNoLeak(place: Place): void {
  const marks = ['source', ...places].map(mark);
  let files = 0;
  for (const directory of [place.archive, place.runtime]) {
    const entries = fs.existsSync(directory)
      ? fs.readdirSync(directory, { recursive: true, withFileTypes: true })
      : [];
    for (const entry of entries.filter((one) => one.isFile())) {
      files += 1;
      const name = path.join(entry.parentPath, entry.name);
      const text = fs.readFileSync(name, 'latin1');
      const found = ['source', ...places].filter(
        (planted, index) => text.includes(marks[index] ?? '') || text.includes(password(planted)),
      );
      assert.deepEqual(found, [], `in ${name}`);
    }
  }
  assert.ok(files > 0);
}

suite('planted secrets', () => {
  for (const node of ['20', '26'] as const) {
    test(`node ${node}: reports asked of the agent and of the reader, a core, and the recorder`, async (t) => {
      const place = makePlace(t);
      const target = startPlanted(t, place, node, 'spin');
      await target.expect(/^ready$/);
      await waitForCpu(target.pid, 300);
      const reason = `asked with ${token('reason')}`;
      const question = JSON.stringify({ op: 'capture', reason });
      await waitFor(
        'the agent answers with a report',
        async () => {
          const answer = (await ask(target.pid, question)) as { ok: boolean } | null;
          return answer?.ok;
        },
        120_000,
      );
      const { archive } = place;
      const dump = await runSleeper(['dump', `${target.pid}`, '--via', 'reader'], {
        archive,
        deadlineMs: 120_000,
      });
      assert.ok(!dump.stdout.includes('ghp_'), dump.stdout);
      const core = path.join(path.dirname(archive), 'core');
      execFileSync('gcore', ['-o', core, `${target.pid}`], { stdio: 'pipe' });
      await runSleeper(['core', `${core}.${target.pid}`], { archive, deadlineMs: 120_000 });
      await target.kill();
      assertNoLeak(place);
      const all = reports(place);
      assert.ok(all.length >= 3);
      for (const report of all) {
        assert.ok(report.redactions.count > 10, JSON.stringify(report.redactions));
        assert.ok(JSON.stringify(report).includes('A-17'), 'what is no secret stays');
      }
      const crumbs = all[0]?.breadcrumbs ?? [];
      assert.deepEqual(
        crumbs.map(({ source, level }) => [source, level]),
        [
          [undefined, undefined],
          ['pino', 'info'],
          ['pino', 'warn'],
        ],
      );
      assert.equal(crumbs[2]?.text, 'plain line');
      assert.equal((crumbs[2].data as { order?: number }).order, 18);
      if (node === '26') assert.match(JSON.stringify(all[0]?.asyncStores), /r-17/);
    });
  }

  test('an error that nobody catches', async (t) => {
    const place = makePlace(t);
    const target = startPlanted(t, place, '20', 'throw');
    assert.equal((await target.exited).status, 1);
    assertNoLeak(place);
    const [report] = reports(place);
    assert.equal(report?.verdict.kind, 'uncaught-exception');
    assert.match(report.error?.message ?? '', /^refused \[redacted\]/);
  });
});
