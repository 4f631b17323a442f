import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { nodeBinary, nodeNames, type NodeName } from '../harness/node-versions.ts';
import { agentRegister } from '../harness/paths.ts';
import { makeWorkshop, type Workshop } from './armed-program.ts';

/** Small lives and deaths of programs, all quick. */
const programs: Record<string, string> = {
  'ends by itself': `console.log('hello'); setTimeout(() => console.log('bye'), 20)`,
  'exits with a status': `process.on('exit', (code) => console.log('exit', code)); process.exit(3)`,
  throws: `function f() { throw new TypeError('boom') } f()`,
  'throws in a callback': `setImmediate(() => { throw Object.assign(new Error('late'), { code: 'E_LATE' }) })`,
  'throws null': `throw null`,
  'throws a string': `throw 'text'`,
  'throws a Proxy whose traps speak': `
    const speak = { get() { console.log('get'); }, getPrototypeOf() { console.log('proto'); return null; } };
    process.on('uncaughtException', () => console.log('caught'));
    throw new Proxy({}, speak)`,
  'throws what speaks when looked at': `
    process.on('uncaughtException', () => console.log('caught'));
    const error = new Error('quiet');
    for (const name of ['name', 'message', 'cause', 'errors', 'extra', 'toString', 'toJSON', Symbol.toPrimitive]) {
      Object.defineProperty(error, name, { get() { console.log('looked at', name); return 1; } });
    }
    throw error`,
  rejects: `Promise.reject(new RangeError('refused'))`,
  'rejects with undefined': `Promise.reject()`,
  'handles what it throws': `
    process.on('uncaughtException', (e, origin) => { console.log(e.message, origin); process.exitCode = 9 });
    throw new Error('handled')`,
  'formats its own stacks': `
    let times = 0;
    Error.prepareStackTrace = (error, sites) => error.message + ' #' + (++times) + ' ' + sites[0].getFunctionName();
    (function thrower() { throw new Error('formatted') })()`,
  'overflows its stack': `const f = () => f() + 1; try { f() } catch (e) { console.log(e.message) } f()`,
  'ends by a signal': `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1e6)`,
  'has a Worker that throws': `
    const { Worker } = require('node:worker_threads');
    new Worker('throw new Error("in a worker")', { eval: true })
      .on('error', (e) => console.log('error event', e.message)).on('exit', (code) => console.log('exit event', code))`,
  'ends Workers': `
    const { Worker } = require('node:worker_threads');
    const start = () => new Worker('setInterval(() => {}, 1e6); require("node:worker_threads").parentPort.postMessage(1)', { eval: true });
    let left = 3;
    const next = () => { const w = start(); w.once('message', () => w.terminate()); w.once('exit', (code) => { console.log(code); if (--left) next(); }); };
    next()`,
  'waits for a child': `
    const { spawn } = require('node:child_process');
    process.on('SIGCHLD', () => {});
    spawn(process.execPath, ['-e', 'process.exit(5)']).on('exit', (code, signal) => console.log(code, signal))`,
};

interface Life {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

function live(node: NodeName, program: string, workshop: Workshop | null): Life {
  const { status, signal, stdout, stderr } = spawnSync(
    nodeBinary(node),
    [...(workshop === null ? [] : ['--require', agentRegister]), '--eval', program],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', ...workshop?.env } },
  );
  return { status, signal, stdout, stderr };
}

suite('armed and quiet: status, signal and output are as without the agent', () => {
  for (const [name, program] of Object.entries(programs)) {
    test(`a program that ${name}`, (t) => {
      const workshop = makeWorkshop(t);
      assert.deepEqual(live('20', program, workshop), live('20', program, null));
      assert.ok(!fs.existsSync(path.join(workshop.archive, 'agent-errors.log')));
    });
  }

  for (const node of nodeNames) {
    test(`node ${node}: the agent loads, in Workers too`, (t) => {
      const program = `
        const { Worker } = require('node:worker_threads');
        new Worker('throw new Error("in a worker")', { eval: true })
          .on('error', (e) => { console.log('error event', e.message); setImmediate(() => { throw new Error('and then here') }) })`;
      const workshop = makeWorkshop(t);
      assert.deepEqual(live(node, program, workshop), live(node, program, null));
      const errors = workshop.requests().map(({ error }) => error?.message);
      assert.deepEqual(errors.sort(), ['and then here', 'in a worker']);
    });
  }

  test('a helper that fails costs the report, not the program; the log says so', (t) => {
    const workshop = makeWorkshop(t, `process.stdout.write('ERROR no space\\n')`);
    const program = programs['throws'] ?? '';
    assert.deepEqual(live('20', program, workshop), live('20', program, null));
    const log = path.join(workshop.archive, 'agent-errors.log');
    assert.equal(fs.statSync(log).mode & 0o777, 0o600);
    const entry = JSON.parse(fs.readFileSync(log, 'utf8')) as Record<string, unknown>;
    assert.equal(entry['failure'], 'ERROR no space');
    assert.equal((entry['error'] as { message: string }).message, 'boom');
  });

  test('SLEEPER_DISABLE=1 switches it off', (t) => {
    const workshop = makeWorkshop(t);
    const off = { ...workshop, env: { ...workshop.env, SLEEPER_DISABLE: '1' } };
    const program = `console.log(require('node:fs').readdirSync('/proc/self/task').length); throw new Error('unseen')`;
    assert.deepEqual(live('20', program, off), live('20', program, null));
    assert.deepEqual(workshop.requests(), []);
  });

  test('it loads no package, and of Node only what is small', () => {
    const program = `
      const before = new Set(process.moduleLoadList);
      require(${JSON.stringify(agentRegister)});
      const files = Object.keys(require.cache).filter((file) => !/sleeper\\.node$|[\\\\/]dist[\\\\/](agent|report|bundle)[\\\\/]/.test(file));
      console.log(JSON.stringify({ files }));`;
    const { stdout } = live('20', program, null);
    assert.deepEqual(JSON.parse(stdout), { files: [] });
  });
});
