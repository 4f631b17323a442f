/** The agent in the company that it meets: error trackers, other handlers, clusters. Each does its part as without the others. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { agentRegister, root } from '../harness/paths.ts';
import { readReports } from '../harness/reports-in.ts';
import {
  makeDirectory,
  patientDeath,
  spawnCommand,
  type Exit,
  type Owner,
} from '../harness/spawn-target.ts';

const nodes = ['20', '22', '24', '26'] as const;
const programs = path.join(root, 'test', 'agent', 'programs');
const sentryFolder = path.join(root, 'test', 'matrix', 'node_modules', '@sentry', 'node');

interface Life extends Exit {
  readonly lines: readonly string[];
  readonly reports: readonly Report[];
}

/** Runs a program to its end. @param withAgent in NODE_OPTIONS, so that its children have it, too */
async function live(
  owner: Owner,
  node: NodeName,
  args: readonly string[],
  withAgent = true,
): Promise<Life> {
  const archive = makeDirectory(owner, 'archive');
  const target = spawnCommand(owner, [nodeBinary(node), ...args], {
    env: {
      ...{ SLEEPER_ARCHIVE: archive, ...patientDeath },
      // They name the process.
      NODE_NO_WARNINGS: '1',
      ...(withAgent && { NODE_OPTIONS: `--require ${agentRegister}` }),
    },
  });
  const exit = await target.exited;
  return { ...exit, lines: target.lines, reports: await readReports(archive) };
}

/** Two pipes, so that their lines may come in another order. */
function assertSameEnd(armed: Life, alone: Life): void {
  const endOf = ({ status, signal, lines }: Life) => ({ status, signal, lines: lines.toSorted() });
  assert.deepEqual(endOf(armed), endOf(alone));
}

/** Takes what an error tracker sends. */
async function startTracker(owner: Owner): Promise<{ dsn: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      bodies.push(body);
      response.end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owner.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { dsn: `http://0123456789abcdef@127.0.0.1:${port}/1`, bodies };
}

suite("Sentry's SDK", () => {
  for (const node of nodes)
    test(`node ${node}: both have the error, and the program ends as it would`, async (t) => {
      const tracker = await startTracker(t);
      const args = [path.join(programs, 'sentry.cjs'), sentryFolder, tracker.dsn];
      const alone = await live(t, node, args, false);
      const sentAlone = tracker.bodies.splice(0);
      const armed = await live(t, node, args);
      assertSameEnd(armed, alone);
      const told = (bodies: string[]) => bodies.filter((body) => body.includes('card refused'));
      assert.equal(told(sentAlone).length, 1);
      assert.equal(told(tracker.bodies).length, 1);
      assert.ok(/"function":"[^"]*chargeOrder"/.test(told(tracker.bodies)[0] ?? ''));
      const [report, ...others] = armed.reports;
      assert.ok(report !== undefined && others.length === 0);
      assert.equal(report.verdict.kind, 'uncaught-exception');
      const frame = report.threads[0]?.frames.find(({ function: name }) => name === 'chargeOrder');
      assert.equal(frame?.arguments[0]?.value.preview, '{id: "A-17"}');
      assert.deepEqual(
        frame.locals.map(({ name, value }) => [name, value.preview]),
        [['attempt', '7']],
      );
      assert.doesNotMatch(JSON.stringify(report), /0123456789abcdef/);
    });
});

suite('handlers of others', () => {
  /** What they do must be what they do without us. */
  const handlers: Record<string, string> = {
    'two listeners': `
      process.on('uncaughtException', (error) => console.log('first', error.message));
      process.on('uncaughtException', (error) => console.log('second', error.message));`,
    'a capture callback': `
      process.setUncaughtExceptionCaptureCallback((error) => console.log('captured', error.message));`,
    'a domain': `
      const domain = require('node:domain').create();
      domain.on('error', (error) => console.log('domain', error.message));
      domain.enter();`,
    'a monitor of its own, and an end': `
      process.on('uncaughtExceptionMonitor', (error, origin) => console.log('monitor', error.message, origin));
      process.on('exit', (code) => console.log('exit', code));`,
    'a handler that calls those before it': `
      process.on('uncaughtException', (error) => console.log('old', error.message));
      const before = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.on('uncaughtException', (error, origin) => {
        console.log('new', error.message);
        for (const listener of before) listener(error, origin);
        process.exitCode = 7;
      });`,
  };
  for (const node of ['20', '26'] as const)
    for (const [name, prepare] of Object.entries(handlers))
      test(`node ${node}: ${name}`, async (t) => {
        const source = `${prepare}
          function packOrder(order) { throw new Error('no box for ' + order.id); }
          setImmediate(packOrder, { id: 'C-9' });`;
        const alone = await live(t, node, ['--eval', source], false);
        const armed = await live(t, node, ['--eval', source]);
        assertSameEnd(armed, alone);
        const [report, ...others] = armed.reports;
        assert.ok(report !== undefined && others.length === 0);
        const frame = report.threads[0]?.frames.find(({ function: fn }) => fn === 'packOrder');
        assert.equal(frame?.arguments[0]?.value.preview, '{id: "C-9"}');
      });
});

suite("V8's profiler, whose thread works for the same isolate", () => {
  const source = `
    const { Session } = require('node:inspector');
    const session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.start');
    function packOrder(order) { process.kill(process.pid, 'SIGSEGV'); return order; }
    setImmediate(packOrder, { id: 'C-9' });`;
  for (const node of nodes)
    test(`node ${node}: the stack of a fatal signal is told all the same`, async (t) => {
      const armed = await live(t, node, ['--eval', source]);
      assertSameEnd(armed, await live(t, node, ['--eval', source], false));
      const frames = armed.reports[0]?.threads[0]?.frames ?? [];
      const frame = frames.find(({ function: fn }) => fn === 'packOrder');
      assert.equal(frame?.arguments[0]?.value.preview, '{id: "C-9"}');
    });
});

test('a Worker dies, and a handler of its error ends the program: one report', async (t) => {
  const source = `
    const { Worker } = require('node:worker_threads');
    process.on('uncaughtException', () => process.exit(4));
    new Worker('throw new Error("refused")', { eval: true });`;
  const armed = await live(t, '24', ['--eval', source]);
  assertSameEnd(armed, await live(t, '24', ['--eval', source], false));
  assert.deepEqual(
    armed.reports.map(({ verdict: { kind } }) => kind),
    ['worker-crash'],
  );
});

test('the stack of an error in the first promises is as without us', async (t) => {
  const source = `(async () => { await null; throw new Error('refused'); })().catch((e) => console.log(e.stack));`;
  const armed = await live(t, '24', ['--eval', source]);
  assertSameEnd(armed, await live(t, '24', ['--eval', source], false));
});

suite('built-in objects that nobody can change', () => {
  const freezing = 'Object.freeze(Error);';
  for (const node of ['20', '26'] as const)
    for (const [name, flags, prepare] of [
      ['--frozen-intrinsics', ['--frozen-intrinsics'], ''],
      ['Object.freeze()', [], freezing],
    ] as const)
      test(`node ${node}, ${name}: who called process.exit()`, async (t) => {
        const source = `${prepare} (function leave(order) { process.exit(order.id); })({ id: 5 });`;
        const armed = await live(t, node, [...flags, '--eval', source]);
        assertSameEnd(armed, await live(t, node, [...flags, '--eval', source], false));
        const frames = armed.reports[0]?.threads[0]?.frames ?? [];
        const frame = frames.find(({ function: fn }) => fn === 'leave');
        assert.equal(frame?.arguments[0]?.value.preview, '{id: 5}');
      });
});

suite('a cluster', () => {
  for (const node of nodes)
    test(`node ${node}: the worker that failed has a report, the others go on`, async (t) => {
      const life = await live(t, node, [path.join(programs, 'cluster.cjs')]);
      const text = life.lines.join('\n');
      const pid = Number(/^failing (\d+) ended with 1$/m.exec(text)?.[1]);
      assert.match(text, /^healthy \d+ worked$/m);
      assert.deepEqual([life.status, life.signal], [0, null], text);
      assert.deepEqual(
        life.reports.map(({ process: { pid: seen }, verdict }) => [seen, verdict.kind]),
        [[pid, 'uncaught-exception']],
      );
      const frames = life.reports[0]?.threads[0]?.frames ?? [];
      const frame = frames.find(({ function: name }) => name === 'shipOrder');
      assert.equal(frame?.arguments[0]?.value.preview, '{id: "B-5"}');
    });
});

test('another copy of itself: one report, with what was told to either', async (t) => {
  const copy = makeDirectory(t, 'copy');
  for (const name of ['dist/agent', 'dist/report', 'build/Release/sleeper.node'])
    fs.cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  const source = `
    const agent = require(${JSON.stringify(path.join(copy, 'dist/agent/agent.cjs'))}).arm();
    agent.annotate('build', '7f3a');
    throw new Error('refused');`;
  const { status, reports } = await live(t, '20', ['--eval', source]);
  assert.equal(status, 1);
  assert.deepEqual(
    reports.map(({ annotations }) => annotations),
    [{ build: '7f3a' }],
  );
});

test('without a place for the recorder: values at the throw all the same', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const source = `function charge(order) { throw new Error('refused'); } charge(4711);`;
  const command = [nodeBinary('20'), '--require', agentRegister, '--eval', source] as const;
  const env = { SLEEPER_ARCHIVE: archive, SLEEPER_RUNTIME_DIR: '/proc/nowhere', ...patientDeath };
  await spawnCommand(t, command, { env }).exited;
  const errors = fs.readFileSync(path.join(archive, 'agent-errors.log'), 'utf8');
  assert.match(errors, /"flight recorder","failure":"No file in/);
  const [report] = await readReports(archive);
  const frame = report?.threads[0]?.frames.find(({ function: name }) => name === 'charge');
  assert.equal(frame?.arguments[0]?.value.preview, '4711');
});
