/**
 * Programs that die of a signal, with the agent and without: the end must be the same, and there is a report. The stacks are
 * looked at by the zoo; here the helper only shows what it was asked.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { faultAddon, honestyLibrary } from '../harness/fault-addon.ts';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { agentRegister } from '../harness/paths.ts';
import { makeWorkshop, type HelperRequest, type Workshop } from './armed-program.ts';

interface End {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Addresses, thread ids and times differ from run to run. */
function withoutNumbers(text: string): string {
  return text.replace(/0x[0-9a-f]+|\d+/g, 'N');
}

function run(
  node: NodeName,
  source: string,
  workshop: Workshop | null,
  env: Readonly<Record<string, string>> = {},
): End {
  const program = `const faults = require(${JSON.stringify(faultAddon())}); ${source}`;
  const { status, signal, stdout, stderr } = spawnSync(
    nodeBinary(node),
    [...(workshop === null ? [] : ['--require', agentRegister]), '--eval', program],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', ...workshop?.env, ...env },
    },
  );
  return { status, signal, stdout: withoutNumbers(stdout), stderr: withoutNumbers(stderr) };
}

const faults: Readonly<Record<string, string>> = {
  SIGSEGV: 'faults.segv()',
  SIGBUS: 'faults.bus()',
  SIGILL: 'faults.ill()',
  SIGFPE: 'faults.fpe()',
  'SIGTRAP of a failed check': 'faults.failedCheck()',
  'SIGABRT of an assertion': 'faults.assertion()',
  'SIGABRT of a damaged heap, in malloc': 'faults.corruptedHeap()',
  'SIGABRT of process.abort()': 'process.abort()',
  'SIGSEGV at the end of the stack': 'faults.overflow()',
  'SIGSEGV in a thread of an addon': 'faults.segvInThread()',
  'SIGSEGV in a thread of the pool': 'faults.segvInPool()',
  "SIGSEGV below somebody else's handler": 'faults.chainHandler(); faults.segv()',
  'SIGSEGV in a Worker':
    'const { Worker, isMainThread } = require("node:worker_threads");' +
    `new Worker('require(' + ${JSON.stringify(JSON.stringify(faultAddon()))} + ').segv()', { eval: true })`,
  'a signal sent by the program itself': 'process.kill(process.pid, "SIGSEGV"); for (;;);',
};

suite('signals that end the program', () => {
  for (const node of ['20', '26'] as const) {
    for (const [name, source] of Object.entries(faults)) {
      test(`${name} on ${node}: the end is as without us, and there is one report`, (t) => {
        const workshop = makeWorkshop(t);
        const end = run(node, source, workshop);
        assert.deepEqual(end, run(node, source, null));
        assert.ok(end.signal !== null, 'a signal ends it');
        const requests = workshop.requests() as (HelperRequest & { fault?: { signal: string } })[];
        assert.deepEqual(
          requests.map(({ fault }) => fault?.signal),
          [end.signal],
        );
      });
    }
  }

  test('an access beyond a WebAssembly memory is an error, not a crash', (t) => {
    // (module (memory 1) (func (export "load") (param i32) (result i32) local.get 0 i32.load))
    const bytes =
      '0061736d0100000001060160017f017f030201000503010001070801046c6f616400000a0901070020002802000b';
    const source = `
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from('${bytes}', 'hex')));
      for (let i = 0; i < 100; i++) { try { exports.load(0x7fffffff); } catch (e) { if (i === 99) console.log(e.name, e.message); } }`;
    for (const node of ['20', '26'] as const) {
      const workshop = makeWorkshop(t);
      const end = run(node, source, workshop);
      assert.deepEqual(end, run(node, source, null));
      assert.match(end.stdout, /RuntimeError memory access out of bounds/);
      assert.deepEqual(workshop.requests(), []);
    }
  });
});

test('the signal handler allocates nothing and takes no lock', (t) => {
  for (const source of ['faults.segv()', 'faults.overflow()', 'process.abort()']) {
    const workshop = makeWorkshop(t);
    const end = run('20', source, workshop, { LD_PRELOAD: honestyLibrary() });
    assert.ok(end.signal !== null, `ended with status ${String(end.status)}: ${end.stderr}`);
    assert.match(end.stderr, /handler entered/);
    assert.equal(workshop.requests().length, 1);
  }
  // It does notice: here the handler is one that allocates.
  const end = run('20', 'faults.allocateInHandler()', null, { LD_PRELOAD: honestyLibrary() });
  assert.equal(end.status, 99);
});

suite('a helper in trouble does not keep the program from dying', () => {
  const limit = { SLEEPER_DEATH_LIMIT_MS: '1500' };
  const troubles: Readonly<Record<string, string>> = {
    'that kills itself': 'process.kill(process.pid, "SIGKILL")',
    'that stops': 'process.kill(process.pid, "SIGSTOP")',
    'that never answers': 'setInterval(() => {}, 1000)',
    'that fails': 'process.stdout.write("ERROR no space left on device\\n")',
    'that talks without end': 'for (;;) process.stdout.write("x".repeat(65536))',
  };
  const deaths: Readonly<Record<string, string>> = {
    'a fault': 'faults.segv()',
    'an uncaught error': 'throw new Error("boom")',
    'process.exit()': 'process.exit(3)',
  };
  for (const [trouble, helper] of Object.entries(troubles)) {
    for (const [death, source] of Object.entries(deaths)) {
      test(`a helper ${trouble}, at ${death}`, (t) => {
        const workshop = makeWorkshop(t, helper);
        const startedAtMs = performance.now();
        const end = run('20', source, workshop, limit);
        const tookMs = performance.now() - startedAtMs;
        assert.deepEqual(end, run('20', source, null));
        assert.ok(tookMs < 20_000, `it took ${tookMs} ms`);
        const log = path.join(workshop.archive, 'agent-errors.log');
        if (trouble !== 'that fails' && !fs.existsSync(workshop.archive)) return;
        assert.match(fs.readFileSync(log, 'utf8'), /"failure":"/);
      });
    }
  }

  test('a helper that is not there', (t) => {
    const workshop = makeWorkshop(t);
    const env = { ...limit, SLEEPER_HELPER: '/nonexistent/helper.cjs' };
    assert.deepEqual(run('20', 'faults.segv()', workshop, env), run('20', 'faults.segv()', null));
  });
});
