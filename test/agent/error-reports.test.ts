/** Reports of errors that tell little of themselves: none blames the agent, and different troubles stay different. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { describeError } from '#dist/agent/error-record.cjs';
import type { ErrorRecord, Report } from '#dist/report/schema.js';
import { root } from '../harness/paths.ts';
import { readReports } from '../harness/reports-in.ts';
import { makeDirectory, patientDeath, spawnProgram, type Owner } from '../harness/spawn-target.ts';

const nodes = ['20', '24'] as const;

interface Run {
  readonly source: string;
  readonly node: (typeof nodes)[number];
  /** Of several runs in one archive. */
  readonly archive?: string;
}

/** What is in the archive when the program has ended, in the order of writing. */
async function reportsOf(t: Owner, run: Run): Promise<Report[]> {
  const archive = run.archive ?? makeDirectory(t, 'archive');
  const file = path.join(makeDirectory(t, 'program'), 'orders.cjs');
  fs.writeFileSync(file, `require('node:fs').writeSync(3, '.');\n${run.source}\n`);
  const { exited } = await spawnProgram(t, file, {
    node: run.node,
    agent: true,
    env: { SLEEPER_ARCHIVE: archive, ...patientDeath },
  });
  await exited;
  return readReports(archive);
}

async function reportOf(t: Owner, run: Run): Promise<Report> {
  const [report, ...others] = await reportsOf(t, run);
  assert.ok(report !== undefined && others.length === 0);
  return report;
}

/** How many troubles the archive has had after each of the programs. */
async function troublesAfter(
  t: Owner,
  node: Run['node'],
  sources: readonly string[],
): Promise<number[]> {
  const archive = makeDirectory(t, 'archive');
  const counts: number[] = [];
  for (const source of sources) {
    const reports = await reportsOf(t, { archive, node, source });
    reports.forEach(assertNoneOfOurs);
    counts.push(new Set(reports.map(({ signature }) => signature)).size);
  }
  return counts;
}

/** Neither our files nor our functions are in what is told of the program. */
function assertNoneOfOurs({ verdict, threads, signature }: Report): void {
  const told = [verdict.summary, ...verdict.evidence.map(({ text }) => text), signature];
  assert.doesNotMatch(told.join('\n'), /agent|runHelper|dist\//);
  for (const { file = '', function: name } of threads.flatMap(({ frames }) => frames)) {
    assert.ok(!file.startsWith(path.join(root, 'dist')), `${name} ${file}`);
    assert.notEqual(name, 'runHelper');
  }
}

/** `Promise.any()` of a function, named after what it asks. */
const askAll = (name: string, error: string): string =>
  `function ${name}() { return Promise.any([Promise.reject(new Error('${error}'))]); }
   setImmediate(() => { ${name}(); });`;

/** An error whose stack the program has taken away. */
const stackless = (error: string): string =>
  `setImmediate(function run() { const error = ${error}; delete error.stack; error.stack = undefined; Promise.reject(error); });`;

for (const node of nodes)
  suite(`node ${node}: errors without a stack of their own`, () => {
    test('Promise.any(): the place is that of its errors, and another one is another trouble', async (t) => {
      const first = await reportOf(t, { node, source: askAll('findReplica', 'down 1') });
      assertNoneOfOurs(first);
      assert.equal(first.error?.name, 'AggregateError');
      assert.match(
        first.verdict.summary,
        /^AggregateError: .* in findReplica at .*orders\.cjs:2\.$/,
      );
      assert.match(first.signature, /^unhandled-rejection findReplica@orders\.cjs #/);
      const others = [askAll('findReplica', 'down 2'), askAll('chargeCard', 'down 1')];
      assert.deepEqual(await troublesAfter(t, node, others), [1, 2]);
    });

    test('the place of a cause, where nothing else has one', async (t) => {
      const source = stackless(
        `new Error('no order', { cause: (function readOrder() { return new RangeError('torn'); })() })`,
      );
      const report = await reportOf(t, { node, source });
      assertNoneOfOurs(report);
      assert.match(report.signature, /^unhandled-rejection readOrder@orders\.cjs #/);
    });

    test('no place at all: class and message tell troubles apart, numbers do not', async (t) => {
      const errors = [
        `new Error('no price of order 17')`,
        `new Error('no price of order 18')`,
        `new Error('no stock')`,
        `new RangeError('no stock')`,
      ];
      assert.deepEqual(await troublesAfter(t, node, errors.map(stackless)), [1, 1, 2, 3]);
    });

    test('a program that survives them: each is told once', async (t) => {
      const source = `process.on('uncaughtException', () => {});
        for (const [index, name] of ['price', 'price', 'stock'].entries())
          setTimeout(() => {
            const error = new Error('no ' + name); delete error.stack; error.stack = undefined;
            Promise.reject(error);
          }, 20 * index);`;
      const reports = await reportsOf(t, { node, source });
      assert.deepEqual(reports.map(({ error }) => error?.message).sort(), ['no price', 'no stock']);
      reports.forEach(assertNoneOfOurs);
    });

    test('a Worker', async (t) => {
      const source = `new (require('node:worker_threads').Worker)(
          "Promise.any([Promise.reject(new Error('down'))])", { eval: true }).on('error', () => {});`;
      const report = await reportOf(t, { node, source });
      assert.equal(report.verdict.kind, 'worker-crash');
      assertNoneOfOurs(report);
    });
  });

/** The error of the one report, and its verdict. */
async function classOf(t: Owner, run: Run): Promise<Pick<Report, 'verdict'> & ErrorRecord> {
  const { error, verdict } = await reportOf(t, run);
  assert.ok(error !== undefined);
  return { ...error, verdict };
}

for (const node of nodes)
  suite(`node ${node}: the class of an error`, () => {
    const classes = {
      'a class without a name of its own': [
        'class PaymentDeclined extends Error {}',
        `new PaymentDeclined('refused')`,
        'PaymentDeclined',
      ],
      'a name on the prototype of a class further up': [
        `class Http extends Error {} Http.prototype.name = 'HttpError'; class NotFound extends Http {}`,
        `new NotFound('refused')`,
        'NotFound',
      ],
      'a name of its own': [
        `class t extends Error { name = 'OrderError'; }`,
        `new t('refused')`,
        'OrderError',
      ],
      'a name that only code could tell': [
        `class Loud extends TypeError { static get name() { return 'Loud'; } get name() { return 'Loud'; } }`,
        `new Loud('refused')`,
        'TypeError',
      ],
    } as const;
    for (const [about, [definition, error, name]] of Object.entries(classes))
      test(about, async (t) => {
        const source = `${definition}\nsetImmediate(function pay() { throw ${error}; });`;
        const told = await classOf(t, { node, source });
        assert.equal(told.name, name);
        assert.match(told.verdict.summary, new RegExp(`^${name}: refused was thrown`));
      });

    test('in a Worker', async (t) => {
      const source = `new (require('node:worker_threads').Worker)(
          "class BadInput extends TypeError {}\\nfunction parse() { throw new BadInput('bad 3'); }\\nparse();",
          { eval: true }).on('error', () => {});`;
      const told = await classOf(t, { node, source });
      assert.equal(told.name, 'BadInput');
      assert.match(told.verdict.summary, /^BadInput: bad 3 /);
    });
  });

test('the class is found without running anything of the program', () => {
  let calls = 0;
  const trap = (): never => {
    calls += 1;
    throw new Error('called');
  };
  const traps = { get: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap, ownKeys: trap };
  class Loud extends RangeError {
    static override [Symbol.hasInstance](): boolean {
      return trap();
    }
  }
  const quiet = new Loud('quiet');
  // V8 formats it once, and asks the error for its name then; Node has done so before an error is uncaught.
  assert.match(quiet.stack ?? '', /quiet/);
  Object.defineProperty(Loud.prototype, 'name', { get: trap });
  assert.equal(describeError(quiet).name, 'Loud');
  Object.defineProperty(Loud, 'name', { get: trap });
  assert.equal(describeError(quiet).name, 'RangeError');
  Object.defineProperty(Loud.prototype, 'constructor', { value: new Proxy(Loud, traps) });
  assert.equal(describeError(quiet).name, 'RangeError');
  Object.setPrototypeOf(quiet, new Proxy(Loud.prototype, traps));
  assert.equal(describeError(quiet).name, 'Error');
  assert.equal(calls, 0);
});

for (const node of nodes)
  suite(`node ${node}: what a promise was rejected with`, () => {
    const rejection = (value: string): string =>
      `setImmediate(function run() { Promise.reject(${value}); });`;

    test('an object: a short title, its members, no secret', async (t) => {
      const source = rejection(
        `{ status: 500, body: 'upstream', token: 'hunter22hunter', get loud() { console.log('called'); } }`,
      );
      const report = await reportOf(t, { node, source });
      const { summary } = report.verdict;
      assert.match(summary, /^A promise was rejected with \{status: 500, .*which is no error/);
      assert.ok(summary.length < 160 && !summary.includes('\n'), summary);
      assert.match(report.trigger.reason, /^a promise was rejected with #<Object>/);
      assert.doesNotMatch(JSON.stringify(report), /hunter22hunter/);
      const reason = report.error?.properties.find(({ name }) => name === 'reason')?.value;
      const members = reason?.properties?.map(({ name, value }) => [name, value.preview]);
      assert.deepEqual(members?.slice(0, 3), [
        ['status', '500'],
        ['body', '"upstream"'],
        ['token', '[redacted]'],
      ]);
    });

    test('other members are another trouble, other values are not; each text is its own', async (t) => {
      const values = [
        `{ status: 404, body: 'x' }`,
        `{ status: 500, body: 'y' }`,
        `{ code: 'E_DOWN' }`,
        `'disk full\\nof logs'`,
        `'timeout'`,
      ];
      assert.deepEqual(await troublesAfter(t, node, values.map(rejection)), [1, 1, 2, 3, 4]);
    });

    test('a text: its first line', async (t) => {
      const { verdict } = await reportOf(t, { node, source: rejection(`'disk full\\nof logs'`) });
      assert.match(
        verdict.summary,
        /^A promise was rejected with "disk full\\n.*which is no error/,
      );
    });

    test('an error: its properties are told as those of a thrown one', async (t) => {
      const error = `Object.assign(new Error('refused'), { extra: { name: 'bob', items: ['tea', { sku: 'x' }] } })`;
      const source = {
        rejected: rejection(error),
        thrown: `setImmediate(() => { throw ${error}; });`,
      };
      for (const program of Object.values(source)) {
        const { error: record } = await reportOf(t, { node, source: program });
        const [extra] = record?.properties ?? [];
        assert.equal(extra?.value.preview, '{name: "bob", items: ["tea", [Object]]}');
      }
    });
  });
