import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { Owner, Target } from '../harness/spawn-target.ts';
import { waitForCpu, waitForState, waitForSyscall } from '../harness/wait.ts';
import { makeWorkshop, startArmed, type HelperRequest, type Workshop } from './armed-program.ts';
import { attachLldb, runGdb, type Lldb } from './debuggers.ts';

const idle = `
  console.log('ready');
  process.stdin.on('data', (line) => console.log('alive ' + String(line).trim()));`;
/** Compiled code that calls nothing, in slices of seconds; answers between them. */
const compiled = `
  console.log('ready');
  process.stdin.on('data', (line) => console.log('alive ' + String(line).trim()));
  function spin(n) { let x = 0; for (let i = 0; i < n; i += 1) x = (x * 31 + i) | 0; return x; }
  (function turn() { spin(2e8); setImmediate(turn); })();`;
/** Allocates outside V8's heap without end. */
const allocating = `
  console.log('ready');
  process.stdin.on('data', (line) => console.log('alive ' + String(line).trim()));
  (function turn() { for (let i = 0; i < 200; i += 1) Buffer.allocUnsafeSlow(4096 + i * 512); setImmediate(turn); })();`;

async function start(
  owner: Owner,
  source: string,
): Promise<{ target: Target; workshop: Workshop }> {
  const workshop = makeWorkshop(owner);
  return { target: await startArmed(owner, workshop, source), workshop };
}

let greetings = 0;

async function assertUnharmed(target: Target): Promise<void> {
  greetings += 1;
  target.say(`${greetings}`);
  await target.expect(new RegExp(`^alive ${greetings}$`));
}

/** Calls both functions on the selected thread, lets go, and checks what they promised. */
async function callAndLetGo(
  lldb: Lldb,
  target: Target,
  workshop: Workshop,
): Promise<HelperRequest> {
  const known = workshop.requests().length;
  const pending = await lldb.string('sleeper_dump("from lldb")');
  const stacks = await lldb.string('sleeper_bt()');
  assert.equal(
    await lldb.string('sleeper_dump("again")'),
    pending,
    'asking twice gives one report',
  );
  assert.equal(workshop.requests().length, known, 'the report waits until the debugger lets go');
  await lldb.detach();
  const request = await workshop.next(known);
  assert.equal(pending, `PENDING ${path.join(workshop.archive, request.fileName ?? '')}`);
  assert.deepEqual(request.trigger, { kind: 'request', reason: 'from lldb' });
  await assertUnharmed(target);
  assert.match(stacks, /^STACKS /);
  return JSON.parse(stacks.slice('STACKS '.length)) as HelperRequest;
}

suite('poked by a debugger', () => {
  for (const [name, source] of Object.entries({ idle, compiled })) {
    test(`gdb sets the mailbox of an ${name} program`, async (t) => {
      const { target, workshop } = await start(t, source);
      for (let round = 0; round < 3; round++) {
        const output = runGdb(target.pid, ['set var sleeper_mailbox = 1']);
        const request = await workshop.next(round).catch((cause: unknown) => {
          throw new Error(`gdb said: ${output}`, { cause });
        });
        assert.deepEqual(request.trigger, { kind: 'request', reason: 'gdb mailbox' });
        assert.deepEqual(
          request.isolates.map(({ tid }) => tid),
          [target.pid],
        );
      }
      await assertUnharmed(target);
      assert.match(runGdb(target.pid, ['p sleeper_answer']), /REPORT .*-request-/);
    });
  }

  test('gdb comes and goes: nothing is captured', async (t) => {
    const { target, workshop } = await start(t, idle);
    runGdb(target.pid, ['info threads']);
    await assertUnharmed(target);
    runGdb(target.pid, ['set var sleeper_mailbox = 1']);
    await workshop.next();
    assert.equal(workshop.requests().length, 1);
  });

  test('lldb calls on the sleeping thread itself', async (t) => {
    const { target, workshop } = await start(t, compiled);
    const lldb = await attachLldb(t, target.pid);
    const [, index] = await lldb.command('thread list', /thread #(\d+)[^\n]*'sleeper'/);
    await lldb.command(`thread select ${index ?? ''}`, /epoll_wait/);
    const { isolates } = await callAndLetGo(lldb, target, workshop);
    assert.equal(isolates[0]?.framePointer, undefined);
  });

  test('lldb calls on the main thread in epoll_wait', async (t) => {
    const { target, workshop } = await start(t, idle);
    await waitForSyscall(target.pid, 'epoll_wait');
    const lldb = await attachLldb(t, target.pid);
    const { isolates } = await callAndLetGo(lldb, target, workshop);
    assert.equal(isolates[0]?.tid, target.pid);
  });

  test('lldb calls on the main thread in compiled code; its frame pointer is handed on', async (t) => {
    const { target, workshop } = await start(t, compiled);
    await waitForCpu(target.pid, 200);
    await waitForState(target.pid, 'R');
    const lldb = await attachLldb(t, target.pid);
    const [, framePointer] = await lldb.command('register read rbp', /rbp = (0x[0-9a-f]+)/);
    const { isolates } = await callAndLetGo(lldb, target, workshop);
    assert.equal(isolates[0]?.framePointer, Number(framePointer));
  });

  test('lldb calls on the main thread inside malloc', async (t) => {
    const { target, workshop } = await start(t, allocating);
    const lldb = await attachLldb(t, target.pid);
    await lldb.command('breakpoint set --one-shot true -n malloc -t current', /Breakpoint 1/);
    await lldb.command('continue', /stop reason = one-shot breakpoint/);
    // Some way into it, past the quick exits.
    await lldb.command('thread step-inst --count 30', /stop reason = /);
    await lldb.command('thread backtrace', /malloc/);
    await callAndLetGo(lldb, target, workshop);
  });
});
