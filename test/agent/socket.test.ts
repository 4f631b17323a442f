import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { startArmed, ask, makeWorkshop, openAgent } from './armed-program.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { readThreads, waitFor, waitForSyscall } from '../harness/wait.ts';

interface ProbeAnswer {
  ok: boolean;
  isolates: { tid: number; workerId: number; address: string; loopUs: number | null }[];
}

const probe = (pid: number, timeoutMs: number) =>
  ask(pid, JSON.stringify({ op: 'probe', timeoutMs })) as Promise<ProbeAnswer>;

suite('the agent on its socket', () => {
  for (const node of nodeNames) {
    test(`node ${node}: an idle loop answers, a busy one does not, and Workers come and go`, async (t) => {
      const target = await startArmed(
        t,
        makeWorkshop(t),
        `const { Worker } = require('node:worker_threads');
         const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => { for (;;); })', { eval: true });
         worker.once('online', () => console.log('ready'));
         worker.once('exit', () => console.log('gone'));
         process.stdin.on('data', (line) => String(line) === 'busy\\n' ? (worker.postMessage(1), console.log('sent')) : worker.terminate());`,
        { node },
      );
      const idle = await waitFor('both loops answer', async () => {
        const answer = await probe(target.pid, 5_000);
        return answer.isolates.length === 2 &&
          answer.isolates.every(({ loopUs }) => loopUs !== null)
          ? answer
          : null;
      });
      assert.deepEqual(
        idle.isolates.map(({ workerId }) => workerId),
        [0, 1],
      );
      assert.equal(idle.isolates[0]?.tid, target.pid);
      assert.match(idle.isolates[0].address, /^0x[0-9a-f]+$/);
      target.say('busy');
      await target.expect(/^sent$/);
      await waitFor('the Worker does not answer, the main thread does', async () => {
        const { isolates } = await probe(target.pid, 200);
        return isolates[0]?.loopUs !== null && isolates[1]?.loopUs === null;
      });
      target.say('end');
      await target.expect(/^gone$/);
      assert.deepEqual(
        (await probe(target.pid, 5_000)).isolates.map(({ workerId }) => workerId),
        [0],
      );
    });
  }

  test('it sleeps without limit, and a conversation may last', async (t) => {
    const target = await startArmed(
      t,
      makeWorkshop(t),
      `console.log('ready'); setInterval(() => {}, 1e6)`,
    );
    const sleeper = readThreads(target.pid).find(({ name }) => name === 'sleeper');
    assert.equal(sleeper?.syscall, 'epoll_wait');
    const socket = openAgent(target.pid);
    for (let i = 0; i < 3; i++) {
      socket.write('{"op":"probe",');
      socket.write('"timeoutMs":5000}\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.equal((JSON.parse(answer.toString()) as ProbeAnswer).ok, true);
    }
    socket.destroy();
  });

  test('a capture answers with the path, and quotes survive', async (t) => {
    const workshop = makeWorkshop(t);
    const target = await startArmed(t, workshop, `console.log('ready'); for (;;);`);
    const reason = 'asked "by hand"\n\u2028 \\ ü';
    const answer = (await ask(target.pid, JSON.stringify({ op: 'capture', reason }))) as {
      ok: boolean;
      report: string;
    };
    const [request] = workshop.requests();
    assert.ok(request);
    assert.deepEqual(answer, { ok: true, report: `${workshop.archive}/${request.fileName ?? ''}` });
    assert.deepEqual(request.trigger, { kind: 'request', reason });
    assert.match(
      request.fileName ?? '',
      new RegExp(
        `^\\d{8}T\\d{6}Z-[\\w.-]+-${target.pid}-request-${(request.reportId ?? '').slice(0, 8)}\\.msgpack$`,
      ),
    );
  });

  test('a helper that never answers is ended, and the answer says so', async (t) => {
    const target = await startArmed(
      t,
      makeWorkshop(t, 'setInterval(() => {}, 1e6)'),
      `console.log('ready'); for (;;);`,
    );
    const answer = await ask(target.pid, '{"op":"capture","reason":"x"}');
    assert.deepEqual(answer, { ok: false, error: 'the helper process did not answer in time' });
  });

  test('nonsense is answered with the grammar, and too much of it with a closed door', async (t) => {
    const target = await startArmed(
      t,
      makeWorkshop(t),
      `console.log('ready'); setInterval(() => {}, 1e6)`,
    );
    for (const line of [
      '',
      'x',
      '{}',
      '{"op":"burn"}',
      '{"op":"probe"',
      '{"op":"probe"}}',
      '{"op":"capture"}',
      '[1]',
    ]) {
      const answer = (await ask(target.pid, line)) as { ok: boolean };
      assert.equal(answer.ok, false, line);
    }
    assert.equal(await ask(target.pid, 'x'.repeat(5_000)), null);
    assert.equal((await probe(target.pid, 5_000)).ok, true);
  });

  test('another user is denied, and cannot take the place of an agent', async (t) => {
    const workshop = makeWorkshop(t);
    const target = await startArmed(
      t,
      workshop,
      `console.log('ready'); setInterval(() => {}, 1e6)`,
    );
    await waitForSyscall(target.pid, 'epoll_wait');
    const stranger = await startArmed(
      t,
      { ...workshop, env: { SLEEPER_DISABLE: '1' } },
      `const native = require(${JSON.stringify(new URL('../../../build/Release/sleeper.node', import.meta.url).pathname)});
       const socket = new (require('node:net').Socket)({ fd: native.connectAgent(${target.pid}) });
       socket.on('data', (text) => console.log('answer ' + text));
       socket.on('error', () => {});
       socket.write('{"op":"probe"}\\n');
       console.log('ready');`,
      { uid: 65_534 },
    );
    const [, answer] = await stranger.expect(/^answer (.*)$/);
    assert.deepEqual(JSON.parse(answer ?? ''), { ok: false, error: 'denied' });
  });

  test('allow lets the asking process trace', async (t) => {
    const target = await startArmed(
      t,
      makeWorkshop(t),
      `console.log('ready'); setInterval(() => {}, 1e6)`,
    );
    assert.equal(((await ask(target.pid, '{"op":"allow"}')) as { ok: boolean }).ok, true);
  });

  test('a program asks for its own report, in turn with others', async (t) => {
    const workshop = makeWorkshop(t);
    const target = await startArmed(
      t,
      workshop,
      `console.log('ready');
       const { arm } = require(process.execArgv[process.execArgv.indexOf('--require') + 1].replace('register', 'arm'));
       Promise.all([arm().capture('one'), arm().capture('two')]).then((paths) => {
         console.log('paths', new Set(paths).size, paths.every((p) => require('node:fs').existsSync(p)));
         arm().disarm();
       });`,
    );
    assert.deepEqual((await target.exited).status, 0);
    assert.ok(target.lines.includes('paths 2 true'), target.lines.join('\n'));
    assert.deepEqual(
      workshop
        .requests()
        .map(({ trigger }) => trigger.reason)
        .sort(),
      ['one', 'two'],
    );
  });
});
