/**
 * Pokes without end, at any moment of a program that does everything at once and collects all the time: reports come, the
 * program computes what it would have computed. 10,000 of each version: SLEEPER_TEST_POKES=10000.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { requireNative, registerSetBytes } from '#dist/native.js';
import { ElfFile } from '#dist/reader/memory/elf.js';
import { readMaps } from '#dist/reader/memory/maps.js';
import { readThreadIds } from '#dist/reader/memory/process-files.js';
import { readReports, reportsIn } from '../harness/reports-in.ts';
import { root } from '../harness/paths.ts';
import { type Target, makeDirectory, spawnCommand, spawnProgram } from '../harness/spawn-target.ts';
import { readThreads, waitFor } from '../harness/wait.ts';
import { armedCommand } from './flight-programs.ts';

const pokes = Number(process.env['SLEEPER_TEST_POKES'] ?? 60);
const program = path.join(root, 'test/agent/programs/mixed-work.mjs');
const pokesPerReport = 20;
const stopTimeoutMs = 1_000;
const captureLimitMs = 60_000;

/** Where the agent's mailbox is in this process; what gdb looks up when it is told `set var sleeper_mailbox = 1`. */
function findMailbox(pid: number): number {
  const addon = readMaps(pid).find(({ path: file }) => file.endsWith('/sleeper.node'));
  assert.ok(addon, 'the agent is loaded');
  const elf = new ElfFile(addon.path);
  const symbol = elf.readSymbols(['sleeper_mailbox']).get('sleeper_mailbox');
  elf.close();
  assert.ok(symbol, 'it has a mailbox');
  return addon.start + symbol.value;
}

/** As a debugger does it: writes the mailbox while all threads stand still, and lets go. */
function poke(pid: number, memory: number, mailbox: number): void {
  const one = Buffer.from(Int32Array.of(1).buffer);
  fs.writeSync(memory, one, 0, one.length, mailbox);
  const tids = Int32Array.from(readThreadIds(pid));
  const registers = new Uint8Array(tids.length * registerSetBytes);
  requireNative().stopThreads(tids, registers, new Int32Array(tids.length), stopTimeoutMs, 0);
}

/** What there is to know when a poke was not felt. */
function stateOf({ pid, lines }: Target, memory: number, mailbox: number): string {
  const word = Buffer.alloc(4);
  const read = fs.existsSync(`/proc/${pid}`) ? fs.readSync(memory, word, 0, 4, mailbox) : 0;
  const threads = readThreads(pid).map(({ name, state, syscall }) => [name, state, syscall]);
  return JSON.stringify({ mailbox: read === 4 && word.readInt32LE(), threads, lines });
}

test('a word that is written past everybody is found when the loop turns', async (t) => {
  const archive = makeDirectory(t, 'archive');
  const target = spawnCommand(
    t,
    armedCommand('20', `console.log('ready'); setInterval(() => {}, 50);`),
    { env: { SLEEPER_ARCHIVE: archive } },
  );
  await target.expect(/^ready$/);
  const memory = fs.openSync(`/proc/${target.pid}/mem`, 'r+');
  fs.writeSync(memory, Buffer.from([1, 0, 0, 0]), 0, 4, findMailbox(target.pid));
  fs.closeSync(memory);
  await waitFor('a report', () => fs.existsSync(archive) && reportsIn(archive).length > 0);
  const [report] = await readReports(archive);
  assert.equal(report?.trigger.reason, 'gdb mailbox');
});

for (const node of ['20', '22', '24', '26'] as const)
  test(`${pokes} pokes of Node.js ${node} at random moments`, async (t) => {
    const archive = makeDirectory(t, 'archive');
    const target = await spawnProgram(t, program, {
      node,
      agent: true,
      nodeFlags: ['--gc-interval=500'],
      env: { SLEEPER_ARCHIVE: archive },
    });
    const mailbox = findMailbox(target.pid);
    const memory = fs.openSync(`/proc/${target.pid}/mem`, 'r+');
    t.after(() => {
      fs.closeSync(memory);
    });
    for (let i = 0; i < pokes; i++) {
      const known = reportsIn(archive).length;
      poke(target.pid, memory, mailbox);
      // Those that come while a capture is under way ask for one more, all together.
      if (i % pokesPerReport === pokesPerReport - 1)
        await waitFor('a report', () => reportsIn(archive).length > known, captureLimitMs).catch(
          (cause: unknown) => {
            throw new Error(`Poke ${i}: ${stateOf(target, memory, mailbox)}`, { cause });
          },
        );
      else await delay((i * 3.7) % 23); // another moment each time, not a wait for anything
    }
    target.say('stop');
    const [line] = await target.expect(/^\{.*\}$/);
    const { rounds, wrong, worker } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual({ wrong, worker }, { wrong: 0, worker: { wrong: 0 } });
    assert.deepEqual(await target.exited, { status: 0, signal: null });
    const reports = await readReports(archive);
    assert.ok(reports.length >= Math.floor(pokes / pokesPerReport));
    for (const report of reports) {
      assert.equal(report.trigger.reason, 'gdb mailbox');
      assert.equal(report.process.pid, target.pid);
      assert.ok(
        report.threads.some(({ kind, via }) => kind === 'main' && via === 'reader'),
        report.id,
      );
    }
    t.diagnostic(`${reports.length} reports, ${String(rounds)} rounds`);
  });
