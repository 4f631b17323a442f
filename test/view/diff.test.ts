/** What moved between two reports, and what stayed. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { openArchive } from '#dist/archive/store.js';
import type { Report } from '#dist/report/schema.js';
import { renderDiff } from '#dist/view/diff.js';
import { diffReports } from '#dist/view/model/diff.js';
import { runSleeper } from '../harness/cli.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { waitForCpu } from '../harness/wait.ts';
import { hostileReport, markupReport } from './hostile.ts';
import { frame, number, optimizedOut, variables } from './parts.ts';
import { hangReport, idleReport } from './reports.ts';
import { task } from './waiting-reports.ts';

const plain = { color: false, width: 100 };

/** The hang again, some seconds later, with its stack changed. */
function later(change: (frames: Report['threads'][number]['frames']) => void): Report {
  const report = hangReport();
  report.capturedAt = '2026-11-23T00:48:41.417Z';
  const [main] = report.threads;
  assert.ok(main);
  main.frames = structuredClone(main.frames);
  change(main.frames);
  return report;
}

suite('two captures of one process', () => {
  test('a live loop: stands where it stood, its counter grew, the tasks still wait', async (t) => {
    const program = path.join(root, 'test', 'view', 'programs', 'counting.mjs');
    const target = await spawnProgram(t, program, {
      node: '24',
      // Interpreted: every value can be read at every moment.
      nodeFlags: ['--no-opt', '--no-maglev', '--no-sparkplug', '--no-use-osr'],
    });
    await waitForCpu(target.pid, 300);
    const archive = makeDirectory(t, 'diff');
    const ids: string[] = [];
    for (let look = 0; look < 2; look++) {
      await runSleeper(['dump', String(target.pid)], { archive, deadlineMs: 180_000 });
      ids.push((await openArchive(archive).read('last')).id);
    }
    const [first = '', second = ''] = ids;
    const { stdout, status } = await runSleeper(['diff', first, second], { archive });
    assert.equal(status, 0);
    assert.match(stdout, /^One process, [\d.]+ m?s apart: sum stands at the same\s+line/);
    assert.match(stdout, /▲ n grew from \d+ to \d+/);
    // On a busy machine the search for tasks may meet its bound: then nothing is said to have come or gone.
    assert.match(
      stdout,
      /= 3 still waiting: async placeOrder|= not compared: of the (first|second), /,
    );
    assert.match(stdout, /▲ main thread \(\d+\) used [\d.]+ m?s of CPU/);
    const json = await runSleeper(['diff', second, first, '--json'], { archive });
    const diff = JSON.parse(json.stdout) as ReturnType<typeof diffReports>;
    assert.equal(diff.relation, 'same-process');
    assert.ok((diff.betweenMs ?? 0) < 0);
    assert.match(diff.summary, /the first of them is the later one/);
  });

  test('values by name; what one could not read has not changed', () => {
    const after = later((frames) => {
      const [top] = frames;
      assert.ok(top);
      top.locals = variables({
        attempt: number(81_273_999),
        total: number(7),
        rules: optimizedOut,
      });
    });
    const output = renderDiff(hangReport(), after, plain);
    assert.match(output, /= applyDiscounts stands at the same line, src\/pricing\.js:42:14/);
    assert.match(output, /▲ attempt grew from 81273112 to 81273999/);
    assert.doesNotMatch(output, /total|rules/);
  });

  test('calls that returned and calls that began', () => {
    const after = later((frames) => {
      frames.splice(0, 1, frame('roundTo', '/var/orders/src/money.js:3:1'));
    });
    const output = renderDiff(hangReport(), after, plain);
    assert.match(output, /- applyDiscounts returned, src\/pricing\.js:42:14/);
    assert.match(output, /\+ roundTo was called, src\/money\.js:3:1/);
    assert.match(output, /= priceOrder {2}src\/pricing\.js:57/);
  });

  test('tasks that one of them could not read have neither come nor gone', () => {
    const missing = [{ what: 'suspended async functions', reason: 'over-limit: the time was up' }];
    const diff = renderDiff(
      { ...idleReport(), missing },
      { ...idleReport(), missing: [], tasks: [task(1)] },
      plain,
    );
    assert.match(diff, /= not compared: of the first, suspended async functions: over-limit/);
    assert.doesNotMatch(diff, /more: async load|tasks: 0/);
  });

  test('tasks and counts that grew', () => {
    const before = { ...idleReport(), missing: [], tasks: [task(1, { count: 10 }), task(2)] };
    const after = {
      ...idleReport(),
      missing: [],
      tasks: [task(7, { line: 11, count: 4_000 }), task(9)],
      handles: Array.from({ length: 90 }, () => ({ type: 'tcp' })),
    };
    const output = renderDiff(before, after, plain);
    assert.match(
      output,
      /▲ from 10 to 4000 waiting: async load {2}src\/load\.js:11:3, for a timer/,
    );
    assert.match(output, /\+ 1 task more: async load {2}src\/load\.js:19/);
    assert.match(output, /- 1 task went on: async load {2}src\/load\.js:12/);
    assert.match(output, /▲ handles: 4 → 90/);
    assert.match(output, /▲ tasks: 11 → 4001/);
  });
});

suite('two processes', () => {
  const elsewhere = (report: Report): Report => ({
    ...report,
    host: { ...report.host, hostname: 'web2' },
    process: { ...report.process, pid: 99, nodeVersion: 'v24.0.0' },
  });

  test('one signature is the same trouble; nothing is said to have returned', () => {
    const diff = diffReports(hangReport(), elsewhere(later((frames) => frames.shift())));
    assert.equal(diff.relation, 'same-signature');
    const words = JSON.stringify(diff);
    assert.match(words, /applyDiscounts only in the first/);
    assert.match(words, /node: v20\.20\.2 → v24\.0\.0/);
    assert.doesNotMatch(words, /Discounts returned|was called|of CPU/);
  });

  test('different troubles are told apart', () => {
    assert.match(
      renderDiff(hangReport(), elsewhere(idleReport()), plain),
      /^Two reports of different/,
    );
  });
});

test('hostile reports: harmless text within bounds', () => {
  for (const [before, after] of [
    [hostileReport(), markupReport()],
    [markupReport(), hangReport()],
  ] as const) {
    const output = renderDiff(before, after, plain);
    assert.doesNotMatch(output.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u);
    assert.ok(output.length < 400_000, `${output.length} characters`);
  }
});
