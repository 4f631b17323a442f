/** The watcher's configuration: what is read, what is refused and in which words, what documents show. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { SleeperError } from '#dist/errors.js';
import { completeSettings } from '#dist/watch/complete-settings.js';
import { parseConfig } from '#dist/watch/read-config.js';
import type { WatchSettings } from '#dist/watch/settings.js';
import { splitWords } from '#dist/watch/words.js';
import { runSleeper } from '../harness/cli.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';

const settle = (text: string): WatchSettings =>
  completeSettings(parseConfig(text, 'a.yaml'), 'a.yaml');

function problemsOf(text: string): string[] {
  try {
    settle(text);
  } catch (error) {
    if (error instanceof SleeperError && error.code === 'ERR_SLEEPER_CONFIG') {
      return error.details['problems'] as string[];
    }
    throw error;
  }
  return [];
}

test('config: defaults', () => {
  const { rules, intervalMs, whom } = settle('');
  assert.equal(intervalMs, 500);
  assert.deepEqual(whom, { pids: [], all: false, names: [], tree: false, only: {} });
  assert.deepEqual(rules, [
    {
      name: 'loop',
      when: { kind: 'stalled', forMs: 5_000 },
      only: {},
      limit: { coolDownMs: 0, perHour: 12 },
      then: [{ kind: 'log' }],
    },
  ]);
});

test('config: every kind of condition and action', () => {
  const { rules, metrics } = settle(`
metrics: { port: 0 }
limit: { coolDown: 1m, perSignature: 3 }
rules:
  - { name: a, when: { stalled: 1s }, limit: { perHour: 2 }, then: nothing }
  - { when: { workerStalled: 30s }, only: { user: root } }
  - { when: { http: 'http://u:p@h:80/x?token=1', status: [200, 204], match: ok, failures: 1, insecure: true } }
  - { when: { tcp: '[::1]:80', every: 1s, timeout: 500ms } }
  - { when: { unix: /run/x } }
  - { when: { exec: 'check "a b" c' }, then: [log, { exec: 'echo "$1" >>/tmp/x', shell: true }] }
  - { when: { cpu: 95% }, then: { webhook: 'https://h/x', timeout: 1s } }
  - { when: { rss: 1GiB, for: 5s }, then: { signal: term, grace: 1s } }
  - { when: { heap: 90% } }
  - { when: { utilization: 98%, for: 1m } }
  - { when: { fds: 1000 } }
`);
  const named = new Map(rules.map((rule) => [rule.name, rule]));
  assert.deepEqual(metrics, { host: '127.0.0.1', port: 0 });
  assert.deepEqual(named.get('a')?.limit, { coolDownMs: 60_000, perHour: 2, perSignature: 3 });
  assert.deepEqual(named.get('a')?.then, []);
  assert.deepEqual(named.get('workerStalled')?.only, { users: [0] });
  // A name never holds what may be secret.
  assert.equal(named.get('http://h/x')?.when.kind, 'service');
  assert.deepEqual(named.get('tcp ::1:80')?.when, {
    kind: 'service',
    question: { kind: 'tcp', host: '::1', port: 80 },
    everyMs: 1_000,
    timeoutMs: 500,
    failures: 3,
  });
  const check = named.get('command check a b c');
  assert.deepEqual(check?.when.kind === 'service' && check.when.question, {
    kind: 'exec',
    command: ['check', 'a b', 'c'],
  });
  assert.deepEqual(check?.then[1], {
    kind: 'exec',
    command: ['/bin/sh', '-c', 'echo "$1" >>/tmp/x', 'sh'],
    timeoutMs: 30_000,
  });
  assert.deepEqual(named.get('cpu')?.when, {
    kind: 'threshold',
    measure: 'cpu',
    above: 95,
    unit: 'percent',
    forMs: 10_000,
  });
  assert.deepEqual(named.get('rss')?.then, [{ kind: 'signal', signal: 'SIGTERM', graceMs: 1_000 }]);
  assert.deepEqual(named.get('fds')?.when.kind === 'threshold' && named.get('fds')?.when, {
    kind: 'threshold',
    measure: 'fds',
    above: 1_000,
    unit: 'count',
    forMs: 0,
  });
});

for (const [text, expected] of [
  ['rules: [{ when: { stalled: 5 } }]', /^rules\[0\]\.when\.stalled: expected string, got 5$/],
  ['rules: [{ when: { staled: 5s } }]', /^rules\[0\]\.when\.staled: there is no such setting$/],
  ['rules: [{ when: {} }]', /^rules\[0\]\.when: exactly one of stalled, .* none is given$/],
  ['rules: [{ when: { stalled: 5s, rss: 1GiB } }]', /stalled and rss are given$/],
  ['rules: [{ when: { stalled: 5s, match: x } }]', /match: does not go with stalled$/],
  ['rules: [{ name: x, when: { stalled: 5 s s } }]', /^rule x\.when\.stalled: Write a duration/],
  ['rules: [{ when: { cpu: 3GiB } }]', /a percentage is wanted/],
  ['rules: [{ when: { http: "ftp://x" } }]', /no http or https URL/],
  ['rules: [{ when: { tcp: "x" } }]', /as HOST:PORT/],
  ['rules: [{ when: { exec: "\'x" } }]', /a quote is not closed/],
  ['rules: [{ when: { stalled: 5s }, then: { signal: USR1 } }]', /USR1 is none of/],
  ['rules: [{ when: { stalled: 5s }, then: { webhook: "file:///etc" } }]', /http or https/],
  ['rules: [{ when: { stalled: 5s }, only: { user: nobody-of-that-name } }]', /no user nobody-of/],
  ['watch: { names: ["("] }', /^watch\.names: Invalid regular expression/],
  [
    'rules: [{ name: a, when: { stalled: 5s } }, { name: a, when: { rss: 1GiB } }]',
    /two are named a/,
  ],
  ['intervall: 5s', /^intervall: there is no such setting$/],
  ['metrics: { port: 70000 }', /^metrics\.port: /],
  ['watch: [', /at line 1/],
  ['interval: 1s\ninterval: 2s', /Map keys must be unique/],
  [
    'a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c]',
    /alias/,
  ],
] as const) {
  test(`config: refused: ${text.slice(0, 60).replaceAll('\n', ' ')}`, () => {
    const problems = problemsOf(text);
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      `told were: ${problems.join(' | ')}`,
    );
  });
}

test('config: all problems are told at once, on the command line with status 2', async (t) => {
  const directory = makeDirectory(t, 'config');
  const file = path.join(directory, 'watch.yaml');
  fs.writeFileSync(file, 'rules: [{ when: { cpu: x } }, { when: { rss: y } }]');
  const result = await runSleeper(['watch', '--config', file, '--check'], { archive: directory });
  assert.equal(result.status, 2);
  assert.match(result.stderr, /rules\[0\]\.when\.cpu[\s\S]*rules\[1\]\.when\.rss[\s\S]*next: /);
  const missing = await runSleeper(['watch', '--config', '/no/such.yaml'], { archive: directory });
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /\/no\/such\.yaml cannot be used: it cannot be read \(ENOENT\)/);
});

test('config: --check says what would be watched and how', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const args = ['watch', '--name', 'no-such-program', '--http', 'http://u:secret@h/x?key=secret'];
  const result = await runSleeper([...args, '--kill', '5s', '--rss', '1GiB', '--check'], {
    archive,
  });
  assert.equal(result.status, 0, result.stderr);
  assert.match(result.stdout, /Node\.js processes that match \/no-such-program\/u/);
  assert.match(result.stdout, /the event loop has not turned for 5\.0 s/);
  assert.match(result.stdout, /http:\/\/h\/x, asked every 5\.0 s, has 3 times/);
  assert.match(result.stdout, /SIGTERM, after 5\.0 s SIGKILL/);
  assert.match(result.stdout, /No such process runs now/);
  assert.doesNotMatch(result.stdout, /secret/);
});

test('config: words of a command', () => {
  assert.deepEqual(splitWords(`a "b c" 'd "e"' f\\ g "h\\"i" ''`), [
    'a',
    'b c',
    'd "e"',
    'f g',
    'h"i',
    '',
  ]);
  assert.deepEqual(splitWords('  $HOME  *.js '), ['$HOME', '*.js']);
});

/** Blocks of code of one language in a document. */
function blocksOf(file: string, language: string): string[] {
  const text = fs.readFileSync(path.join(root, 'docs', file), 'utf8');
  const pattern = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm');
  return [...text.matchAll(pattern)].map(([, block]) => block ?? '');
}

interface Manifest {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec?: PodSpec } };
}
interface PodSpec {
  readonly hostPID?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly securityContext?: { readonly capabilities?: { readonly add?: readonly string[] } };
  readonly volumeMounts?: readonly { readonly name: string }[];
}

test('docs: every manifest for Kubernetes is whole, and its configuration good', () => {
  const documents = blocksOf('kubernetes.md', 'yaml').flatMap((block) => {
    const all = parseAllDocuments(block);
    for (const { errors } of all as { errors: readonly Error[] }[]) assert.deepEqual(errors, []);
    return block.startsWith('# sleeper.yaml: a part')
      ? []
      : all.map((one) => one.toJS() as Manifest);
  });
  const kinds = documents.map(({ kind }) => kind);
  for (const kind of ['Deployment', 'DaemonSet', 'ConfigMap', 'Role'])
    assert.ok(kinds.includes(kind));
  for (const { apiVersion, kind, metadata, data, spec } of documents) {
    assert.ok(apiVersion !== undefined && kind !== undefined && metadata?.name !== undefined);
    for (const text of Object.values(data ?? {})) {
      assert.ok(settle(text).rules.length > 0);
    }
    const pod = spec?.template?.spec;
    if (pod === undefined) continue;
    assert.ok(pod.hostPID === true || pod.shareProcessNamespace === true);
    const volumes = pod.volumes.map(({ name }) => name);
    const containers = [...pod.containers, ...(pod.initContainers ?? [])];
    for (const { volumeMounts } of containers) {
      for (const { name } of volumeMounts ?? []) assert.ok(volumes.includes(name), name);
    }
    const watcher = containers.find(({ image }) => image.includes('/sleeper:'));
    assert.deepEqual(watcher?.args?.slice(0, 2), ['watch', '--config']);
    assert.ok(watcher.securityContext?.capabilities?.add?.includes('SYS_PTRACE'));
  }
});

test('docs: examples of the configuration are good, commands of the units are understood', async (t) => {
  const archive = makeDirectory(t, 'archive');
  for (const file of ['watch.md', 'systemd.md']) {
    for (const block of blocksOf(file, 'yaml')) {
      const text = block.replace('user: app', 'user: root');
      assert.ok(settle(text).rules.length > 0);
    }
  }
  const units = blocksOf('systemd.md', 'ini');
  assert.equal(units.length, 2);
  const [watcher = ''] = units;
  assert.match(watcher, /^Type=notify$/m);
  assert.match(watcher, /^WatchdogSec=/m);
  const command = /^ExecStart=\S+ \S+sleeper\.js (.*)$/m.exec(watcher)?.[1]?.split(' ') ?? [];
  const file = path.join(archive, 'watch.yaml');
  fs.writeFileSync(file, blocksOf('systemd.md', 'yaml')[0] ?? '');
  const args = command.map((word) => (word === '/etc/sleeper/watch.yaml' ? file : word));
  const result = await runSleeper([...args, '--check'], { archive });
  assert.equal(result.status, 0, result.stderr);
});
