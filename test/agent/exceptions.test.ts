import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startArmed, makeWorkshop, type HelperRequest } from './armed-program.ts';
import { nodeNames } from '../harness/node-versions.ts';
import type { Owner } from '../harness/spawn-target.ts';

/** The request that the death of a program made. */
async function dyingWords(
  owner: Owner,
  source: string,
  node: (typeof nodeNames)[number] = '20',
): Promise<HelperRequest> {
  const workshop = makeWorkshop(owner);
  const target = await startArmed(owner, workshop, `console.log('ready'); ${source}`, { node });
  await target.exited;
  const [request] = workshop.requests();
  assert.ok(request !== undefined, target.lines.join('\n'));
  assert.equal(request.pid, target.pid);
  return request;
}

suite('errors that nobody catches', () => {
  for (const node of nodeNames) {
    test(`node ${node}: name, message, stack, cause and properties, read without running anything`, async (t) => {
      const { trigger, error, errorTid, pid, mode } = await dyingWords(
        t,
        `class OrderError extends Error { get loud() { console.log('called') } }
         OrderError.prototype.name = 'OrderError';
         function charge() {
           const error = new OrderError('card refused', { cause: new Error('network', { cause: 'cable' }) });
           error.orderId = 4711; error.items = ['tea', { sku: 'x' }]; error.proxy = new Proxy({}, {});
           Object.defineProperty(error, 'secret', { get() { console.log('called') } });
           throw error;
         }
         setImmediate(charge);`,
        node,
      );
      assert.equal(mode, 'report');
      assert.deepEqual(trigger, { kind: 'uncaught-exception', reason: 'OrderError: card refused' });
      assert.equal(errorTid, pid);
      assert.equal(error?.name, 'OrderError');
      assert.equal(error.message, 'card refused');
      assert.match(error.stack ?? '', /^OrderError: card refused\n {4}at .*charge/);
      const cause = error['cause'] as NonNullable<HelperRequest['error']>;
      assert.equal(cause.message, 'network');
      assert.deepEqual(cause['cause'], { name: 'string', message: 'cable', properties: [] });
      const properties = error['properties'] as { name: string; value: { preview: string } }[];
      assert.deepEqual(
        properties.map(({ name, value }) => [name, value.preview]),
        [
          ['orderId', '4711'],
          ['items', '["tea", {sku: "x"}]'],
          ['proxy', '[Proxy]'],
          ['secret', '[Getter: not called]'],
        ],
      );
    });
  }

  test('an unhandled rejection is told apart, and an AggregateError tells its errors', async (t) => {
    const { trigger, error } = await dyingWords(
      t,
      `Promise.any([Promise.reject(new Error('a')), Promise.reject('b')])`,
    );
    assert.equal(trigger.kind, 'unhandled-rejection');
    assert.equal(error?.name, 'AggregateError');
    assert.deepEqual(
      (error['errors'] as { message: string }[]).map(({ message }) => message),
      ['a', 'b'],
    );
  });

  test('in a Worker: the report names its thread', async (t) => {
    const { isolates, errorTid, pid, error } = await dyingWords(
      t,
      `new (require('node:worker_threads').Worker)('throw new Error("in a worker")', { eval: true }).on('error', () => {})`,
    );
    assert.equal(error?.message, 'in a worker');
    assert.deepEqual(isolates.map(({ workerId }) => workerId).sort(), [0, 1]);
    assert.equal(errorTid, isolates.find(({ workerId }) => workerId === 1)?.tid);
    assert.notEqual(errorTid, pid);
  });

  test('cycles, and chains longer than anybody reads, end', async (t) => {
    const { error } = await dyingWords(
      t,
      `const first = new Error('0'); let last = first;
       for (let i = 1; i < 30; i += 1) last = last.cause = new Error(String(i));
       first.errors = [first, last]; throw first`,
    );
    let depth = 0;
    for (let at = error; at !== undefined; at = at['cause'] as typeof error) depth += 1;
    assert.equal(depth, 9);
    assert.equal((error?.['errors'] as { message: string }[])[0]?.message, 'this error again');
  });

  test('the helper gets a clean environment, the annotations and the breadcrumbs', async (t) => {
    const { helper, annotations, breadcrumbs } = await dyingWords(
      t,
      `const { arm } = require(process.execArgv[process.execArgv.indexOf('--require') + 1].replace('register', 'arm'));
       const agent = arm(); agent.annotate('build', '42'); agent.annotate('tenant', 'x');
       for (let i = 0; i < 70; i += 1) agent.breadcrumb('step ' + i, { i });
       throw new Error('end')`,
    );
    assert.deepEqual(annotations, { build: '42', tenant: 'x' });
    assert.equal(breadcrumbs.length, 64);
    assert.equal(breadcrumbs[0]?.text, 'step 6');
    assert.deepEqual(breadcrumbs.at(-1)?.data, { i: 69 });
    assert.equal(helper.env['SLEEPER_DISABLE'], '1');
    assert.deepEqual(
      Object.keys(helper.env).filter((name) => name.startsWith('NODE_')),
      [],
    );
    assert.equal(helper.argv.at(-1), 'agent-capture');
  });
});
