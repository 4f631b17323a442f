/**
 * The browser's face as one file: script, styles and the report itself, under a policy that allows nothing else. The report
 * stands in it as JSON of which no character can end its element; scripts and styles are named by their hashes, so that
 * markup which got in by whatever way would be dead.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sanitizeJson } from '../report/sanitize.ts';
import type { Report, Task } from '../report/schema.ts';
import { type Payload, taskChunkClass } from './model/payload.ts';

/** A report with more tasks is shown before the browser has read them: the verdict does not wait for them. */
const maxTasksBefore = 1_000;
/** Of a page that was cut off, no more than these are lost besides what was behind them. */
const tasksPerChunk = 2_000;

/** The bundled app: set-up makes it from `view/app/`. */
interface Bundle {
  readonly script: string;
  readonly style: string;
}

let bundle: Bundle | undefined;

function readBundle(): Bundle {
  const read = (name: string): string =>
    readFileSync(new URL(`./app/${name}`, import.meta.url), 'utf8');
  // What would end the element cannot stand in it as it is; in a script `\x3c` is the same.
  bundle ??= {
    script: read('main.js').replaceAll('</', '<\\/'),
    style: read('style.css').replaceAll('</', '<\\/'),
  };
  return bundle;
}

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The policy of the page: its own script and styles by hash, no network but where `--web` serves the archive, no frames,
 * forms, plug-ins, base, and no string that becomes markup (Trusted Types).
 */
export function contentPolicy(options: { readonly canFetch: boolean }): string {
  const { script, style } = readBundle();
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    ...(options.canFetch ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The whole page. */
export function renderPage(payload: Payload): string {
  const { script, style } = readBundle();
  const policy = contentPolicy({ canFetch: payload.kind === 'archive' });
  const { first, later } = split(payload);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>sleeper</title>
<style>${style}</style>
</head>
<body>
<div id="sleeper"><noscript>This page shows a report of sleeper by a script of its own. Without scripts: sleeper view in a terminal.</noscript></div>
<script type="application/json" id="sleeper-data">${embedJson(first)}</script>
<script>${script}</script>
${later.map((tasks) => `<script type="application/json" class="${taskChunkClass}">${embedJson(tasks)}</script>\n`).join('')}</body>
</html>
`;
}

/** What the first screen needs, and the tasks that may come after it. */
function split(payload: Payload): { readonly first: Payload; readonly later: readonly Task[][] } {
  if (payload.kind !== 'report' || payload.report.tasks.length <= maxTasksBefore)
    return { first: payload, later: [] };
  const { tasks } = payload.report;
  const report: Report = { ...payload.report, tasks: [] };
  const later: Task[][] = [];
  for (let at = 0; at < tasks.length; at += tasksPerChunk)
    later.push(tasks.slice(at, at + tasksPerChunk));
  return { first: { kind: 'report', report, tasksToCome: tasks.length }, later };
}

/** JSON that no HTML parser can read as markup and no terminal acts on; the value is the same. */
function embedJson(value: unknown): string {
  return sanitizeJson(JSON.stringify(value))
    .replaceAll('\n', ' ')
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026');
}
