/** The browser's face, in a real browser, with real reports: every place shows, nothing is fetched, nothing is broken. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { Report } from '#dist/report/schema.js';
import { contentPolicy, renderPage } from '#dist/view/page.js';
import { openPage, startBrowser } from '../harness/browser.ts';
import type { PageOptions, WatchedPage } from '../harness/browser.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { captureKind, chosenKinds } from './real-reports.ts';
import { crashReport, hangReport } from './reports.ts';
import { toldReport } from './told-report.ts';
import { circleReport, manyTasksReport } from './waiting-reports.ts';

const places = ['overview', 'threads', 'tasks', 'time', 'loop', 'environment', 'raw'];
const cleanups: (() => void | Promise<void>)[] = [];
const owner: Owner = { after: (clean) => cleanups.push(clean) };
let browser: Browser;

before(async () => {
  browser = await startBrowser(owner);
});
after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

/** The page as a file, as `--html` writes it. */
function open(report: Report, hash = '', options?: PageOptions): Promise<WatchedPage> {
  const file = path.join(makeDirectory(owner, 'page'), 'report.html');
  fs.writeFileSync(file, renderPage({ kind: 'report', report }));
  return openPage(browser, `file://${file}${hash}`, options);
}

/** The colour behind everything, as the page is asked for it. */
const ground = 'getComputedStyle(document.body).backgroundColor';

/** In the turn in which the page has been read and nothing is drawn yet. */
const typesAtOnce = `document.addEventListener('DOMContentLoaded', () => {
  const type = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  window.groundBefore = ${ground};
  type('t');
  type('j');
});`;
const goesAtOnce = `document.addEventListener('DOMContentLoaded', () => {
  location.hash = '#/threads';
});`;

suite('real reports', () => {
  for (const kind of chosenKinds())
    test(`${kind.id}: every place, without a fault`, async (t) => {
      const report = await captureKind(t, kind);
      const watched = await open(report, '', { dark: kind.id.length % 2 === 0 });
      const { page } = watched;
      assert.equal(
        await page.getByRole('heading', { level: 1 }).innerText(),
        report.verdict.summary,
      );
      for (const { function: names } of kind.expected.frames.slice(0, 1)) {
        const named = page.locator('.frame-name').filter({ hasText: new RegExp(names.join('|')) });
        if (kind.expected.thread === 'main') await named.first().waitFor();
      }
      await watched.picture(kind.id.replace('/', '-'));
      for (const [index, place] of places.entries()) {
        await page.keyboard.press(String(index + 1));
        await page.locator(`.places a[aria-current=page]:has-text("${titleOf(place)}")`).waitFor();
        assert.match(page.url(), new RegExp(`#/${place}$`));
        assert.notEqual((await page.getByRole('main').innerText()).trim(), '');
      }
      await watched.assertQuiet();
    });
});

function titleOf(place: string): string {
  return place === 'loop' ? 'Event loop' : `${place.charAt(0).toUpperCase()}${place.slice(1)}`;
}

suite('the page', () => {
  test('has a policy that is in force: no inline script, no markup from strings, no network', async () => {
    const { page } = await open(hangReport());
    const attempts = await page.evaluate<Record<string, string>>(`(async () => {
      const tried = {};
      const script = document.createElement('script');
      try { script.textContent = 'window.owned = 1'; document.body.append(script); } catch (e) { tried.script = e.name; }
      try { document.body.innerHTML += '<b>x</b>'; tried.markup = 'done'; } catch (e) { tried.markup = e.name; }
      try { await fetch('https://example.org/'); tried.network = 'done'; } catch (e) { tried.network = e.name; }
      tried.owned = String(window.owned);
      return tried;
    })()`);
    assert.equal(attempts['owned'], 'undefined');
    assert.equal(attempts['markup'], 'TypeError');
    assert.equal(attempts['network'], 'TypeError');
    const policy = contentPolicy({ canFetch: false });
    assert.match(policy, /script-src 'sha256-[^' ]+';/);
    assert.doesNotMatch(policy, /unsafe|http/);
    const violations = await page.evaluate<string[]>('window.violations');
    assert.ok(
      violations.some((one) => one.startsWith('connect-src')),
      violations.join(),
    );
  });

  test('is small: 300 KB gzipped would be too much', () => {
    const files = ['main.js', 'style.css'].map((name) =>
      fs.readFileSync(path.join(root, 'dist', 'view', 'app', name)),
    );
    const bytes = gzipSync(Buffer.concat(files)).length;
    assert.ok(bytes < 60_000, `${bytes} bytes`);
  });

  test('shows a report of very many tasks at once, and the tasks when they are read', async () => {
    const initScript = `window.shown = [];
      new MutationObserver(() => {
        const words = document.querySelector('.task-summary h3, .overview [role=status]')?.textContent;
        const what = document.querySelector('.verdict h1') && words;
        if (what && window.shown.at(-1) !== what) window.shown.push(what);
      }).observe(document, { childList: true, subtree: true, characterData: true });`;
    const watched = await open(manyTasksReport(5_001), '', { initScript });
    const { page } = watched;
    await page.getByRole('heading', { name: 'Waiting 5001 suspended async functions' }).waitFor();
    const shown = await page.evaluate<string[]>('window.shown');
    assert.match(shown[0] ?? '', /^Reading\s5001\ssuspended\sasync\sfunctions…$/);
    await page.keyboard.press('/');
    await page.keyboard.type('customer-5001');
    await page.getByRole('option', { name: '#5001' }).waitFor();
    await watched.assertQuiet();
  });

  test('that was cut off shows what it has, and says what it lacks', async () => {
    const file = path.join(makeDirectory(owner, 'page'), 'report.html');
    const whole = renderPage({ kind: 'report', report: manyTasksReport(5_001) });
    fs.writeFileSync(file, whole.slice(0, whole.indexOf('customer-3000')));
    const watched = await openPage(browser, `file://${file}`);
    const { page } = watched;
    await page.getByRole('heading', { name: 'Waiting 2000 suspended async functions' }).waitFor();
    await page.getByText('3001 suspended async functions').first().waitFor();
    await page.getByText('this page was cut off').first().waitFor();
    await watched.assertQuiet();
  });

  test('every place has an address', async () => {
    const told = toldReport();
    const watched = await open(told, '#/threads/4242/1');
    const { page } = watched;
    await page.locator('.frame.chosen .frame-name', { hasText: 'priceOrder' }).waitFor();
    await page.goto(page.url().replace(/#.*/, '#/threads/4260'));
    await page.getByRole('heading', { name: 'worker 1' }).waitFor();
    await page.goto(page.url().replace(/#.*/, '#/nowhere/%ZZ'));
    await page.locator('.places a[aria-current=page]', { hasText: 'Overview' }).waitFor();
    await watched.assertQuiet();
  });

  test('fits a telephone, in the dark, and paper', async () => {
    for (const [name, report] of [
      ['crash', crashReport()],
      ['hang', toldReport()],
    ] as const) {
      const watched = await open(report, '', { width: 390, height: 844, dark: true });
      const { page } = watched;
      for (const place of places) {
        await page.goto(page.url().replace(/(#.*)?$/, `#/${place}`));
        const overflow = await page.evaluate<number>(
          'document.documentElement.scrollWidth - innerWidth',
        );
        assert.ok(overflow <= 0, `${name} ${place} is ${overflow} pixels too wide`);
      }
      await page.goto(page.url().replace(/#.*/, '#/overview'));
      await watched.picture(`narrow-${name}`);
      await page.emulateMedia({ media: 'print', colorScheme: 'light' });
      assert.equal(await page.locator('.places').isVisible(), false);
      await watched.picture(`print-${name}`);
      await watched.assertQuiet();
    }
  });
});

suite('what it shows', () => {
  test('the stack: values open like in a debugger, by mouse and by keys', async () => {
    const watched = await open(hangReport());
    const { page } = watched;
    const order = page.getByRole('treeitem', { name: /^▸?\s*order = / }).first();
    assert.equal(await order.getAttribute('aria-expanded'), 'false');
    await order.click();
    assert.equal(await order.getAttribute('aria-expanded'), 'true');
    await page.getByRole('treeitem', { name: /id = "A-17"/ }).waitFor();
    await order.press('ArrowLeft');
    assert.equal(await order.getAttribute('aria-expanded'), 'false');
    await order.press('ArrowRight');
    await order.press('ArrowRight');
    assert.match(await page.locator(':focus').innerText(), /id = "A-17"/);
    assert.match(
      await page.locator('.source-line.marked').first().innerText(),
      /^42\s+attempt \+= order/,
    );
    assert.equal(await page.locator('.caret').first().innerText(), 'o');
    await page.getByRole('button', { name: /3 frames of node:events/ }).click();
    await page.locator('.frame.internal .frame-name', { hasText: 'parserOnIncoming' }).waitFor();
    await watched.assertQuiet();
  });

  test('a compiled program: as it was written, and where that ran', async () => {
    const report = hangReport();
    const [frame] = report.threads[0]?.frames ?? [];
    const [task] = (report.tasks = circleReport().tasks);
    assert.ok(frame !== undefined && task !== undefined);
    const source = {
      line: '  attempts += order.lines.length;',
      before: ['for (;;) {'],
      after: ['}'],
    };
    frame.original = {
      ...{ file: '/var/orders/src/pricing.ts', line: 7, column: 3 },
      ...{ function: 'applyAllDiscounts', source },
    };
    frame.locals = frame.locals.map((one) => ({ ...one, original: `${one.name}AsWritten` }));
    task.original = {
      file: '/var/orders/src/archive.ts',
      line: 70,
      column: 1,
      function: 'archiveAll',
    };
    const watched = await open(report);
    const { page } = watched;
    const head = page.locator('.frame-head').first();
    assert.match(await head.innerText(), /applyAllDiscounts/);
    assert.match(await head.innerText(), /src\/pricing\.ts:7:3 ← src\/pricing\.js:42:14/);
    assert.match(
      await page.locator('.source-line.marked').first().innerText(),
      /^7\s+attempts \+=/,
    );
    await page.getByRole('treeitem', { name: /attemptAsWritten = 81273112/ }).waitFor();
    await watched.picture('compiled');
    await page.goto(page.url().replace(/(#.*)?$/, `#/tasks/${task.id}`));
    await page.getByText(/src\/archive\.ts:70:1 ← /).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('pricing.ts:7');
    await page.getByRole('option', { name: /applyAllDiscounts/ }).waitFor();
    await watched.assertQuiet();
  });

  test('a minified line: the part around the place, all of it in sight', async () => {
    const report = hangReport();
    const [frame] = report.threads[0]?.frames ?? [];
    assert.ok(frame !== undefined);
    const part = `…${'function f(e,t){return e*t+1}'.repeat(4)}HERE(e,t);${'let a=b;'.repeat(12)}…`;
    frame.source = {
      ...{ line: part, before: ['/*! (c) */'], after: [] },
      ...{ column: part.indexOf('HERE') + 1, length: 1_048_576 },
    };
    frame.column = 524_288;
    const watched = await open(report, '', { width: 900 });
    const { page } = watched;
    const caret = page.locator('.caret').first();
    assert.equal(await caret.innerText(), 'H');
    const line = await page.locator('.source-line.marked').first().innerText();
    assert.equal(line.replace(/^\d+\s+/, ''), part);
    const box = await page.locator('.source-line.marked code').first().boundingBox();
    assert.ok(box !== null && box.x + box.width <= 900, JSON.stringify(box));
    await watched.picture('minified');
    await watched.assertQuiet();
  });

  test('keys: rows, search, help, dark and light', async () => {
    const watched = await open(toldReport(), '', { dark: true });
    const { page } = watched;
    await page.keyboard.press('j');
    assert.match(await page.locator(':focus').innerText(), /#0\s+applyDiscounts/);
    await page.keyboard.press('j');
    assert.match(await page.locator(':focus').innerText(), /#1\s+priceOrder/);
    await page.keyboard.press('/');
    await page.keyboard.type('81273112');
    await page.getByRole('option', { name: /attempt = 81273112/ }).waitFor();
    await page.keyboard.press('Enter');
    assert.match(page.url(), /#\/threads\/4242\/0$/);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const dark = await page.evaluate(ground);
    await page.keyboard.press('t');
    // The page answers when it draws next.
    await page.waitForFunction(`${ground} !== ${JSON.stringify(dark)}`);
    await watched.assertQuiet();
  });

  test('a key and a link that come before the page was drawn', async () => {
    const typed = await open(toldReport(), '', { initScript: typesAtOnce });
    assert.match(await typed.page.locator(':focus').innerText(), /#0\s+applyDiscounts/);
    assert.notEqual(await typed.page.evaluate('groundBefore'), await typed.page.evaluate(ground));
    await typed.assertQuiet();
    const gone = await open(toldReport(), '', { initScript: goesAtOnce });
    await gone.page.locator('.places a[aria-current=page]:has-text("Threads")').waitFor();
    await gone.assertQuiet();
  });

  test('time: lanes, flame graph both ways, charts, last words', async () => {
    const watched = await open(toldReport(), '#/time', { height: 1400 });
    const { page } = watched;
    await page.getByRole('row', { name: /worker 1.*has not moved: waitForJob/s }).waitFor();
    const flame = page.getByRole('group', { name: 'flame graph of main thread', exact: true });
    await flame
      .getByRole('button', { name: /^applyDiscounts.* looks$/ })
      .first()
      .click();
    const merged = await flame.getByRole('button').count();
    await page.getByRole('button', { name: 'In the order of time' }).first().click();
    assert.ok((await flame.getByRole('button').count()) > merged);
    assert.equal(await page.getByRole('img', { name: /loop delay: 1 ms to/ }).count(), 1);
    await page.getByText('pricing took longer than 1 s').waitFor();
    await watched.picture('time');
    await watched.assertQuiet();
  });

  test('tasks: the circle is drawn and leads to its tasks', async () => {
    const watched = await open(circleReport(), '#/tasks/graph');
    const { page } = watched;
    assert.equal(await page.locator('path.edge.cycle').count(), 2);
    await watched.picture('graph');
    await page.getByRole('link', { name: 'async exportInvoices', exact: true }).click();
    await page.getByRole('article', { name: 'task 2' }).waitFor();
    assert.match(page.url(), /#\/tasks\/2$/);
    await page.getByRole('option', { selected: true, name: /#2.*exportInvoices/ }).waitFor();
    await watched.assertQuiet();
  });

  test('100,000 tasks: a list of which only what is seen is in the page', async () => {
    const watched = await open(manyTasksReport(100_000), '#/tasks');
    const { page } = watched;
    const list = page.getByRole('listbox', { name: 'tasks' });
    await list.waitFor();
    assert.ok((await list.getByRole('option').count()) < 100);
    await list.press('End');
    await page
      .getByRole('option', { name: /… 997 more of async step99/, selected: true })
      .waitFor();
    await list.press('Enter');
    await list.press('End');
    await page.getByRole('option', { name: /#100000.*step99/, selected: true }).waitFor();
    assert.ok((await list.getByRole('option').count()) < 100);
    await page.keyboard.press('/');
    await page.keyboard.type('customer-77777');
    await page.getByRole('option', { name: /#77777 / }).click();
    assert.match(page.url(), /#\/tasks\/77777$/);
    await page.getByRole('article', { name: 'task 77777' }).waitFor();
    await watched.assertQuiet();
  });
});
