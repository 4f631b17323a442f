/**
 * What looking at a report costs. In the terminal: the whole command, bundled as it is shipped, beside what people do with Node's own
 * report. In the browser: a report of 100,000 tasks, in a real Chromium: until it can be read, while it is scrolled,
 * and while something is searched in it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { encodeReport } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { renderPage } from '#dist/view/page.js';
import { openPage, startBrowser } from '../harness/browser.ts';
import { root, sleeperBin } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { manyTasksReport } from '../view/waiting-reports.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

const taskCount = 100_000;
const wheelSteps = 120;
/** Chromium calls tasks of this length long: a frame that takes as long is seen. */
const longFrameMs = 50;

/** Milliseconds that a program took. */
function run(command: string, args: readonly string[]): number {
  const startedAtMs = performance.now();
  const { status, stderr } = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.toString()}`);
  return performance.now() - startedAtMs;
}

/** Measures the terminal. */
function measureTerminal(owner: Owner, rounds: number): Row[] {
  const directory = makeDirectory(owner, 'bench-view');
  const report = path.join(root, 'test/formats/v1/hang.msgpack');
  const nodeReport = path.join(directory, 'report.json');
  execFileSync(process.execPath, [
    '-e',
    `process.report.writeReport(${JSON.stringify(nodeReport)})`,
  ]);
  const times: [ours: number, jq: number, bare: number][] = [];
  for (let round = 0; round < rounds; round++)
    times.push([
      run(process.execPath, [sleeperBin, 'view', report]),
      run('sh', ['-c', `cat ${nodeReport} | jq .`]),
      run(process.execPath, ['-e', '0']),
    ]);
  const ours = times.map(([time]) => time);
  const what = 'a report on the screen';
  return [
    makeRow(what, 'sleeper view', 'ms', ours),
    makeRow(
      what,
      'cat report.json | jq .',
      'ms',
      times.map((time) => time[1]),
      ours,
    ),
    makeRow(
      what,
      'node -e 0',
      'ms',
      times.map((time) => time[2]),
      ours,
    ),
  ];
}

/** With values, so that its file is as large as a report may be. */
function largeReport(): Report {
  const report = manyTasksReport(taskCount);
  const bytes = encodeReport(report).length;
  process.stderr.write(`bench: a report of ${(bytes / 2 ** 20).toFixed(1)} MiB in its file\n`);
  return report;
}

/** Runs in the page before its scripts: when the verdict could be read, and how long each frame took. */
const watchFrames = `
window.frames_ = [];
new MutationObserver((_, observer) => {
  if (document.querySelector('.verdict h1') === null) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.readableAtMs = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
window.countFrames = () => {
  let last = performance.now();
  const next = (now) => { window.frames_.push(now - last); last = now; window.counting = requestAnimationFrame(next); };
  window.counting = requestAnimationFrame(next);
};`;

interface PageTimes {
  readonly readableMs: number;
  readonly longestFrameMs: number;
  readonly longFrames: number;
  readonly searchMs: number;
}

async function measurePage(browser: Browser, file: string): Promise<PageTimes> {
  const { page, assertQuiet } = await openPage(browser, `file://${file}`, {
    initScript: watchFrames,
  });
  await page.waitForFunction('window.readableAtMs !== undefined');
  const readableMs = await page.evaluate<number>('window.readableAtMs');
  const frames = await scroll(page);
  const searchMs = await search(page);
  await assertQuiet();
  await page.context().close();
  return {
    readableMs,
    longestFrameMs: Math.max(...frames),
    longFrames: frames.filter((ms) => ms > longFrameMs).length,
    searchMs,
  };
}

/** Wheels through the list of tasks, a screen at a time. */
async function scroll(page: Page): Promise<number[]> {
  await page.keyboard.press('3');
  const list = page.getByRole('listbox', { name: 'tasks' });
  await list.waitFor();
  await list.getByRole('option').first().click();
  // All of one place in the list, so that it is as long as it can be.
  await list.press('End');
  await list.press('Enter');
  await list.hover();
  await page.evaluate('window.countFrames()');
  for (let step = 0; step < wheelSteps; step++)
    await page.mouse.wheel(0, step % 2 === 0 ? 900 : 4_000);
  await page.evaluate('cancelAnimationFrame(window.counting)');
  return page.evaluate<number[]>('window.frames_.slice(1)');
}

/** From the last letter to the answer on the screen; the index is made when the search opens. */
async function search(page: Page): Promise<number> {
  await page.keyboard.press('/');
  await page.keyboard.type('customer-7777');
  await page
    .getByRole('option', { name: /customer-7777|#7777 / })
    .first()
    .waitFor();
  return page.evaluate<number>(`(async () => {
    const input = document.activeElement;
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    await painted();
    const startedAtMs = performance.now();
    input.value = 'customer-77777';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    for (;;) {
      await painted();
      const found = document.querySelector('[role=dialog] [role=option], .search [role=option]');
      if (found !== null && /77777/.test(found.textContent)) return performance.now() - startedAtMs;
      if (performance.now() - startedAtMs > 10000) return Infinity;
    }
  })()`);
}

/** Measures. @param owner ends the browser and deletes the directories */
export async function measureView(owner: Owner, rounds: number, pages: number): Promise<Row[]> {
  const terminal = measureTerminal(owner, rounds);
  const file = path.join(makeDirectory(owner, 'bench-page'), 'report.html');
  fs.writeFileSync(file, renderPage({ kind: 'report', report: largeReport() }));
  const browser = await startBrowser(owner);
  const times: PageTimes[] = [];
  for (let round = 0; round < pages; round++) times.push(await measurePage(browser, file));
  const what = '100,000 tasks, in Chromium';
  const row = (tool: string, unit: string, of: (one: PageTimes) => number): Row =>
    makeRow(what, tool, unit, times.map(of));
  return [
    ...terminal,
    row('the verdict can be read', 'ms', ({ readableMs }) => readableMs),
    row('longest frame while scrolling', 'ms', ({ longestFrameMs }) => longestFrameMs),
    row(`frames over ${longFrameMs} ms`, '', ({ longFrames }) => longFrames),
    row('search, from letter to answer', 'ms', ({ searchMs }) => searchMs),
  ];
}
