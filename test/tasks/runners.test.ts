/** Which test is under way, of which plugin it is a hook: what the functions work on that wait for those of the program. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { captureReport } from '#dist/cli/capture-to-archive.js';
import { redactTasks } from '#dist/report/redact.js';
import type { Report, Task } from '#dist/report/schema.js';
import { shortArguments, subjectOf } from '#dist/report/subject.js';
import { renderReport } from '#dist/view/render.js';
import { nodeNames } from '../harness/node-versions.ts';
import type { NodeName } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

const program = path.join(root, 'test/tasks/programs/runner.cjs');

async function capture(t: TestContext, mode: string, node?: NodeName): Promise<Report> {
  const { pid } = await spawnProgram(t, program, {
    ...(node !== undefined && { node }),
    args: [mode],
    nodeFlags: ['--expose-gc'],
  });
  return captureReport({
    pid,
    id: randomUUID(),
    trigger: { kind: 'request', reason: 'asked' },
    deadlineMs: 20_000,
    askAgent: false,
  });
}

test('a test that an installed framework has called is told by its name', async (t) => {
  const report = await capture(t, 'handed');
  assert.equal(report.verdict.kind, 'idle');
  assert.match(
    report.verdict.summary,
    /2 async functions are suspended: reserve at \S*runner\.cjs:\d+ waits for the event "reserved:bolt" of EventEmitter, as part of test \{name: "reserves stock"\}\.$/,
  );
  const text = renderReport(report, { color: false, width: 200 });
  assert.match(text, /async runFile\(file="orders\.test\.js"\)/);
  assert.match(
    text,
    /… 2 more in a row, of packages, as part of test \{name: "reserves stock"\} \(--full shows them\)/,
  );
});

test('a test that is called as a method of its context is told by its title', async (t) => {
  const { verdict } = await capture(t, 'method');
  assert.match(verdict.summary, /of EventEmitter, as part of Test \{title: "reserves stock"\}\.$/);
});

test('a test that waits for a callback is told by the timer of the framework', async (t) => {
  const { verdict } = await capture(t, 'callback');
  assert.match(verdict.summary, /a timer of 10 min 0 s for Test \{title: "sends the mail"\}/);
});

test('a test that does not come back is told by the function that has called it', async (t) => {
  const { verdict } = await capture(t, 'busy');
  assert.equal(verdict.kind, 'js-busy');
  const evidence = verdict.evidence.map(({ text }) => text);
  assert.ok(evidence.includes('as part of Test {title: "parses lists"}'), evidence.join('\n'));
});

test('where only functions of packages are suspended, their end is told', async (t) => {
  const { verdict } = await capture(t, 'driver');
  assert.match(
    verdict.summary,
    /4 async functions of packages are suspended: call at node_modules\/framework\/index\.js:\d+ waits for the event "done" of EventEmitter, as part of test \{name: "reserves stock"\}\.$/,
  );
});

for (const node of nodeNames)
  test(`a test whose function was collected is told by Node's own that runs it, on Node.js ${node}`, async (t) => {
    const { verdict } = await capture(t, 'collected', node);
    assert.equal(verdict.kind, 'idle');
    assert.match(verdict.summary, /; under way: Test \{name: "never resolves"\}\.$/);
  });

const text = (value: string) => ({ type: 'string', preview: JSON.stringify(value) });
const object = (className: string, properties: Record<string, string>) => ({
  type: 'object',
  preview: '{…}',
  className,
  properties: Object.entries(properties).map(([name, value]) => ({ name, value: text(value) })),
});
const task = (more: Partial<Task>): Task => ({
  id: 1,
  function: 'run',
  arguments: [],
  locals: [],
  awaitedBy: [],
  ...more,
});

test('what a function works on is told by a title, a full name or a name', () => {
  const suite = { name: 'suite', value: object('Object', { name: 'orders' }) };
  const given = { name: 'test', value: object('Object', { name: 'a', fullName: 'orders > a' }) };
  assert.equal(
    subjectOf(task({ arguments: [suite, given] })),
    'suite {name: "orders"}, test {fullName: "orders > a"}',
  );
  const hook = object('Hook', { '#title': 'before all' });
  assert.equal(subjectOf(task({ receiver: hook })), 'Hook {title: "before all"}');
  const plugin = { name: 'plugin', value: object('Object', { name: 'svg' }) };
  assert.equal(subjectOf(task({ locals: [plugin] })), 'plugin {name: "svg"}');
  assert.equal(subjectOf(task({ arguments: [suite], locals: [plugin] })), 'suite {name: "orders"}');
  const nameless = { name: '{ a, b }', value: object('Object', { name: 'x' }) };
  assert.equal(subjectOf(task({ arguments: [nameless, { name: 'n', value: text('x') }] })), null);
});

test('of a package only arguments that are short are shown, and no secrets', () => {
  const long = { name: 'code', value: text('x'.repeat(80)) };
  const id = { name: 'id', value: text('virtual:c') };
  const password = { name: 'password', value: text('hunter2') };
  const [redacted = task({})] = redactTasks([task({ arguments: [long, id, password] })]);
  assert.deepEqual(
    shortArguments(redacted).map(({ name }) => name),
    ['id'],
  );
});
