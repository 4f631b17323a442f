/** A real Chromium, and pages that tell everything that goes wrong in them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { root } from './paths.ts';
import type { Owner } from './spawn-target.ts';

/** Where pictures for people go. */
const artifacts = path.join(root, 'test', 'artifacts', 'viewer');

/** Starts the browser; its owner ends it. */
export async function startBrowser(owner: Owner): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
    timeout: 120_000,
  });
  owner.after(() => browser.close());
  return browser;
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** Runs in the page, before its own scripts. */
  readonly initScript?: string;
}

/** A page with a record of what it should not have done. */
export interface WatchedPage {
  readonly page: Page;
  /** Fails when the page wrote to the console, threw, asked the network for anything that is not allowed, or broke its policy. */
  readonly assertQuiet: (allowed?: RegExp) => Promise<void>;
  /** A picture in test/artifacts/viewer. */
  readonly picture: (name: string) => Promise<void>;
}

/** Runs in the page, before its own scripts. */
const watchViolations = `window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(event.violatedDirective + ' ' + event.blockedURI);
});`;

export async function openPage(
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<WatchedPage> {
  const { width = 1440, height = 900, dark = false } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const troubles: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => troubles.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript(watchViolations);
  if (options.initScript !== undefined) await page.addInitScript(options.initScript);
  await page.goto(url);
  const document = new URL(url);
  document.hash = '';
  return {
    page,
    assertQuiet: async (allowed) => {
      const violations = await page.evaluate<string[]>('window.violations');
      const foreign = requests.filter(
        (one) => one.split('#')[0] !== document.href && allowed?.test(one) !== true,
      );
      assert.deepEqual(
        { troubles, violations, foreign },
        { troubles: [], violations: [], foreign: [] },
      );
    },
    picture: async (name) => {
      fs.mkdirSync(artifacts, { recursive: true });
      await page.screenshot({ path: path.join(artifacts, `${name}.png`) });
    },
  };
}
