/** `sleeper view --web`: who may ask, and what a browser shows of an archive. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { namePartsOf, openArchive } from '#dist/archive/store.js';
import { encodeReport } from '#dist/encode/encode.js';
import type { Report } from '#dist/report/schema.js';
import { openPage, startBrowser } from '../harness/browser.ts';
import { startSleeper } from '../harness/cli.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { crashReport, hangReport, idleReport } from '../view/reports.ts';

const cleanups: (() => void | Promise<void>)[] = [];
const owner: Owner = { after: (clean) => cleanups.push(clean) };
let browser: Browser;
before(async () => {
  browser = await startBrowser(owner);
});
after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

/** Six hangs of one signature some minutes apart, a crash, an idle process. */
function someReports(): Report[] {
  const hangs = Array.from({ length: 6 }, (_, n) => ({
    ...hangReport(),
    id: `1f3a9c2${n}-77aa-4c1b-9d55-0a8c5b1e2f30`,
    capturedAt: `2026-11-23T00:${10 + n * 5}:31.417Z`,
  }));
  return [...hangs, crashReport(), idleReport()];
}

async function startWeb(t: Owner, args: readonly string[]): Promise<string> {
  const archive = makeDirectory(t, 'web');
  for (const report of someReports())
    await openArchive(archive).seal(encodeReport(report), namePartsOf(report));
  const server = startSleeper(t, ['view', ...args, '--web'], { archive });
  const [, url = ''] = await server.expect(/^(http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/)$/);
  return url;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

function ask(
  url: string,
  options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body });
      });
    });
    request.on('error', reject).end();
  });
}

suite('sleeper view --web', () => {
  test('answers only to who knows the token, on this machine, from its own page', async (t) => {
    const url = await startWeb(t, []);
    const { port } = new URL(url);
    const page = await ask(url);
    assert.equal(page.status, 200);
    assert.match(
      String(page.headers['content-security-policy']),
      /connect-src 'self'.*frame-ancestors 'none'/,
    );
    assert.equal(page.headers['cache-control'], 'no-store');
    const list = await ask(`${url}api/reports`);
    assert.equal((JSON.parse(list.body) as unknown[]).length, 8);
    assert.equal(
      (JSON.parse((await ask(`${url}api/reports/1f3a9c25`)).body) as Report).process.pid,
      4242,
    );

    const refused: [string, number | undefined][] = [];
    const tried = async (words: string, answer: Promise<Answer>): Promise<void> => {
      const { status, body } = await answer;
      assert.doesNotMatch(body, /applyDiscounts|orders/, words);
      refused.push([words, status]);
    };
    const base = `http://127.0.0.1:${port}`;
    await tried('no token', ask(`${base}/`));
    await tried('no token, list', ask(`${base}/api/reports`));
    await tried('wrong token', ask(`${base}/${'a'.repeat(32)}/api/reports`));
    await tried('rebound name', ask(url, { headers: { host: `evil.example:${port}` } }));
    await tried(
      'other origin',
      ask(`${url}api/reports`, { headers: { origin: 'http://evil.example' } }),
    );
    await tried('cross-site', ask(url, { headers: { 'sec-fetch-site': 'cross-site' } }));
    await tried('POST', ask(url, { method: 'POST' }));
    await tried('a file', ask(`${url}api/reports/${encodeURIComponent('/etc/passwd')}`));
    await tried('upwards', ask(`${url}api/reports/..%2f..%2fetc%2fpasswd`));
    await tried('half an escape', ask(`${url}api/reports/%E0%A4%A`));
    await tried('no such id', ask(`${url}api/reports/ffffffff`));
    await tried('deeper', ask(`${url}api/reports/1f3a9c25/x`));
    assert.deepEqual(
      refused.map(([words, status]) => `${words}: ${String(status)}`),
      [
        'no token: 404',
        'no token, list: 404',
        'wrong token: 404',
        'rebound name: 403',
        'other origin: 403',
        'cross-site: 403',
        'POST: 405',
        'a file: 404',
        'upwards: 404',
        'half an escape: 404',
        'no such id: 404',
        'deeper: 404',
      ],
    );
  });

  test('the archive: list, search, groups, one report, two side by side', async (t) => {
    const url = await startWeb(t, []);
    const watched = await openPage(browser, url);
    const { page } = watched;
    const list = page.getByRole('listbox', { name: 'reports' });
    await list.getByRole('option').first().waitFor();
    assert.equal(await list.getByRole('option').count(), 8);
    await page.getByRole('img', { name: /^8 reports from 2026-11-23 00:10:31 UTC/ }).waitFor();
    await watched.picture('archive');
    await page.getByRole('button', { name: 'group by signature' }).click();
    await page.getByText('6×').waitFor();
    assert.equal(await list.getByRole('option').count(), 3);
    await page.getByRole('button', { name: 'group by signature' }).click();
    await page.keyboard.press('/');
    await page.getByRole('searchbox').fill('OrderError');
    await page.getByText('1 reports').waitFor();
    await page.getByRole('searchbox').fill('js-busy');
    await page.getByRole('checkbox', { name: 'compare 1f3a9c25' }).click();
    await page.getByRole('checkbox', { name: 'compare 1f3a9c20' }).click();
    await page.getByRole('button', { name: 'compare the two' }).click();
    await page.getByRole('region', { name: 'before' }).getByText('00:10:31').waitFor();
    await page.getByRole('region', { name: 'after' }).getByText('00:35:31').waitFor();
    await watched.picture('compare');
    await page.getByRole('link', { name: 'all reports' }).click();
    await page.getByRole('link', { name: /OrderError: Cannot price/ }).click();
    await page.getByRole('heading', { level: 1, name: /OrderError/ }).waitFor();
    assert.match(page.url(), /#\/report\/c0ffee00-/);
    await page.keyboard.press('2');
    assert.match(page.url(), /#\/report\/c0ffee00-[\w-]+\/threads$/);
    await watched.assertQuiet(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/api\/reports/);
  });

  test('one report alone, and a port that is taken', async (t) => {
    const url = await startWeb(t, ['c0ffee']);
    const watched = await openPage(browser, url);
    await watched.page.getByRole('heading', { level: 1, name: /OrderError/ }).waitFor();
    await watched.assertQuiet();
    assert.equal((await ask(`${url}api/reports`)).status, 404);
    const { port } = new URL(url);
    const second = startSleeper(t, ['view', '--web', '--port', port], { archive: '/var/nowhere' });
    assert.equal((await second.exited).status, 2);
    await second.expect(/Cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE/);
  });
});
