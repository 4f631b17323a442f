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
import { armedCommand, makePlace, type Place, reports } from './flight-programs.ts';
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
      JSON.stringify({ user: 'bob', password: password('argvBody') }),
      JSON.stringify(['user', '17', 'password', password('argvList')]),
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

/** The shortest of looks that can be arguments; in two parts, so that this file holds none of them. */
const wholeArguments: Record<string, readonly [string, string]> = {
  'a private key': ['-----BEGIN RSA', ' PRIVATE KEY-----MIIEpAIBAAKCAQEA7'],
  'a line of a key': ['Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4', 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4'],
  'a web token': ['eyJ', 'hbGciOiJI'.padEnd(10, '9')],
  'an AWS key': ['AKIA', 'Q3EGVX7KD5PLM2NB'],
  'a GitLab token': ['glpat-', 'x8Qm2Lw9Kd7Rt4Zc'],
  'a Slack token': ['xoxb-', '2048163264'],
  'a Slack webhook': ['hooks.slack.com/', 'services/T0B1C2/B0D1E2/aZ3xQ9mK7'],
  'a payment key': ['sk_live_', '9mK7bW2vN8'],
  'a SendGrid key': ['SG.', 'aZ3xQ9mK7bW2vN8c.R4tY6uP1sD5fG0hJ'],
  'a Google key': ['AIza', 'aZ3xQ9mK7bW2vN8cR4tY6uP1sD5fG0'],
  'a Telegram token': ['12345678:AA', 'aZ3xQ9mK7bW2vN8cR4tY6uP1sD5fG0hJk'],
  'a header': ['Bearer', ' a.b/c.d/e.f/g.h'],
  'a URL': ['db://u', ':p4ss@host'],
  'a card number': ['4111 1111', ' 1111 1111'],
  'a list of pairs': ['["password",', '"s3same-list"]'],
  'what SLEEPER_REDACT says': ['ACME', '-42'],
};

suite('planted secrets', () => {
  for (const [what, parts] of Object.entries(wholeArguments)) {
    const isOwnRule = what.includes('SLEEPER_REDACT');
    test(`${what}, alone on the command line, is not in the recorder`, async (t) => {
      const place = makePlace(t);
      const secret = parts.join('');
      // No path of a program among the arguments: one that has to be looked into would have all of them looked into.
      const target = spawnCommand(
        t,
        [...armedCommand('20', `process.kill(process.pid, 'SIGKILL')`), 'build-7f3a', secret],
        { env: { ...place.env, ...(isOwnRule && { SLEEPER_REDACT: '/ACME-\\d+/' }) } },
      );
      await target.exited;
      const [recorder = ''] = fs.readdirSync(place.runtime);
      const text = fs.readFileSync(path.join(place.runtime, recorder), 'latin1');
      assert.ok(text.includes('build-7f3a'), 'the recorder has the command line');
      assert.ok(text.includes('[redacted]'));
      assert.ok(!text.includes(secret));
    });
  }

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
        assert.ok(JSON.stringify(report).includes('identifier'), 'so do token types');
      }
      const crumbs = all[0]?.breadcrumbs ?? [];
      assert.deepEqual(
        crumbs.map(({ source, level }) => [source, level]),
        [
          [undefined, undefined],
          ['pino', 'info'],
          ['pino', 'warn'],
          [undefined, undefined],
          ['pino', 'info'],
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
