/** Reports that attack whoever looks at them, at every face: shown harmlessly, within bounds. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { decodeReport } from '#dist/encode/decode.js';
import { encodeReport } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { searchIndexOf } from '#dist/view/model/search.js';
import { renderPage } from '#dist/view/page.js';
import { renderReport, renderStacks } from '#dist/view/render.js';
import { renderTasks } from '#dist/view/tasks.js';
import { openPage, startBrowser } from '../harness/browser.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { deepReport, hostileReport, markupReport } from './hostile.ts';

const plain = { color: false, width: 80 };
const harmful = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Each face bounds them; SLEEPER_TEST_FRAMES=1000000 for more. */
const manyFrames = Number(process.env['SLEEPER_TEST_FRAMES'] ?? 100_000);

const reports: readonly (readonly [string, () => Report])[] = [
  ['control characters and gigantic strings', hostileReport],
  ['markup and strange keys', markupReport],
];

suite('in the terminal', () => {
  for (const [name, build] of reports)
    test(name, () => {
      for (const full of [false, true]) {
        const output = renderReport(build(), { ...plain, full });
        assert.doesNotMatch(output.replaceAll('\n', ''), harmful);
        assert.ok(output.length < (full ? 4_000_000 : 200_000), `${output.length} characters`);
      }
      assert.doesNotMatch(renderStacks(build().threads).replaceAll('\n', ''), harmful);
      assert.doesNotMatch(renderTasks(build(), plain).replaceAll('\n', ''), harmful);
      const found = renderReport(build(), { ...plain, grep: /owned/ });
      assert.doesNotMatch(found.replaceAll('\n', ''), harmful);
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    });

  test('frames without end, and a long chain of awaits', () => {
    const report = deepReport(manyFrames);
    const short = renderReport(report, plain);
    assert.ok(short.split('\n').length < 300);
    assert.ok(short.includes(`… ${manyFrames - 40} more frames`));
    const full = renderReport(report, { ...plain, full: true });
    assert.ok(full.length < 40_000_000, `${full.length} characters`);
    assert.match(full, /more frames/);
  });

  test('strange keys survive no decoding, and the rest does', () => {
    const bytes = encodeReport(markupReport());
    const decoded = decodeReport(bytes, 'a test');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal((decoded as Record<string, unknown>)['polluted'], undefined);
    assert.doesNotMatch(renderReport(decoded, plain).replaceAll('\n', ''), harmful);
  });
});

suite('in the browser', () => {
  const cleanups: (() => void | Promise<void>)[] = [];
  const owner: Owner = { after: (clean) => cleanups.push(clean) };
  let browser: Browser;
  before(async () => {
    browser = await startBrowser(owner);
  });
  after(async () => {
    for (const clean of cleanups.reverse()) await clean();
  });

  for (const [name, build] of [...reports, ['depth', () => deepReport(100_000)] as const])
    test(name, async () => {
      const report = build();
      const html = renderPage({ kind: 'report', report });
      // The report, the script, and two thousand tasks in each of the others.
      const { length } = report.tasks;
      const own = 2 + (length > 1_000 ? Math.ceil(length / 2_000) : 0);
      assert.equal(html.split('</script>').length - 1, own, 'only our own elements end');
      const file = path.join(makeDirectory(owner, 'hostile'), 'report.html');
      fs.writeFileSync(file, html);
      const watched = await openPage(browser, `file://${file}`);
      const { page } = watched;
      for (const place of [
        'overview',
        'threads',
        'tasks',
        'tasks/graph',
        'time',
        'loop',
        'environment',
        'raw',
      ]) {
        await page.goto(`file://${file}#/${place}`);
        await page.getByRole('main').waitFor();
        const found = await page.evaluate<Record<string, unknown>>(`({
          owned: String(window.owned),
          polluted: String(({}).polluted),
          elements: [...document.querySelectorAll('#sleeper script, #sleeper img, #sleeper iframe, #sleeper [onerror], #sleeper [onload]')].length,
          links: [...document.querySelectorAll('a')].map((a) => a.getAttribute('href')).filter((href) => !/^#/.test(href)),
          problem: document.querySelector('[role=alert]')?.textContent ?? '',
          isSmall: document.querySelectorAll('*').length < 20000,
          harmful: /[\\u202a-\\u202e\\u2066-\\u2069\\u200b]/.test(document.body.innerText),
        })`);
        assert.deepEqual(
          found,
          {
            owned: 'undefined',
            polluted: 'undefined',
            elements: 0,
            links: [],
            problem: '',
            isSmall: true,
            harmful: false,
          },
          place,
        );
      }
      for (const item of await page.getByRole('treeitem', { expanded: false }).all())
        await item.press('ArrowRight');
      await watched.assertQuiet();
    });
});

test('the index of the search is bounded', () => {
  const index = searchIndexOf(deepReport(manyFrames));
  assert.ok(index.length <= 400_000);
});
