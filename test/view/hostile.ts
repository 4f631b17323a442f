/** A report that attacks whoever looks at it. */
import type { ErrorRecord, Report, Thread, Value } from '#dist/report/schema.js';
import { report, thread } from './parts.ts';

/** Escape sequences, a bidirectional override, a bell, a lone surrogate, a stack of combining marks. */
export const hostileText =
  '\x1b]0;owned\x07\x1b[2J\x1b[31mred\u202egnp.exe\u2066\u200b\x9b5m\r\nfake line\ud800 z' +
  '\u0301'.repeat(40);

const long = `${hostileText}${'A'.repeat(100_000)}`;
const value: Value = { type: 'string', preview: long, length: long.length, truncated: true };
const variable = { name: hostileText, value: { ...value, properties: [{ name: long, value }] } };

function hostileThread(): Thread {
  return thread({
    name: hostileText,
    state: hostileText,
    wchan: long,
    syscall: long,
    vmState: long,
    note: long,
    frames: Array.from({ length: 3 }, () => ({
      function: long,
      file: `/var/${long}`,
      line: 7,
      column: 3,
      kind: 'js' as const,
      arguments: [variable, variable],
      locals: [variable],
      closure: [variable],
      receiver: value,
      source: { line: long, before: [hostileText], after: ['\t' + hostileText] },
    })),
  });
}

/** A report whose every text tries to do something to the terminal. */
export function hostileReport(): Report {
  const evil = hostileThread();
  const error: ErrorRecord = {
    name: long,
    message: long,
    stack: `${long}\n    at ${long}`,
    properties: [variable],
  };
  return report({
    id: hostileText,
    capturedAt: hostileText,
    trigger: { kind: 'hang', reason: long },
    verdict: {
      kind: 'js-busy',
      summary: long,
      confidence: 'guess',
      thread: 4242,
      evidence: [{ text: long }],
      advice: long,
    },
    signature: hostileText,
    threads: [
      evil,
      { ...evil, tid: 4243, kind: 'worker' },
      { ...evil, tid: 4244, kind: 'native', frames: [] },
    ],
    error: { ...error, cause: error, errors: [error] },
    handles: [{ type: long }],
    annotations: { [hostileText]: long },
    breadcrumbs: [{ text: long }],
    missing: [{ what: long, reason: long }],
    redactions: { count: 1, keys: [long] },
    process: {
      pid: 4242,
      argv: [long],
      cwd: hostileText,
      execPath: long,
      env: { [hostileText]: long },
      nodeVersion: long,
    },
    host: {
      hostname: long,
      kernel: long,
      cpus: 1,
      memory: { totalBytes: 1, availableBytes: 1 },
      containerId: long,
    },
  });
}

const markup = [
  '</script><script>window.owned = 1</script>',
  '<img src=x onerror="window.owned = 2">',
  '<a href="javascript:window.owned = 3">click</a>',
  '\'"><svg onload=window.owned=4>',
  '<!--<script>',
  '{{constructor.constructor("window.owned = 5")()}}',
].join(' ');

/** Text that a browser might take for markup, in every place, beside keys that name what every object has. */
export function markupReport(): Report {
  // JSON.parse makes own properties of such names, as a decoder does.
  const keys = JSON.parse(
    '{"__proto__": "polluted", "constructor": "x", "hasOwnProperty": "y", "toString": "z"}',
  ) as Record<string, string>;
  const places = Object.fromEntries(
    Object.entries(hostileReport()).map(([key, inner]) => [
      key,
      JSON.parse(
        JSON.stringify(inner).replaceAll('owned\\u0007', markup.replace(/["\\]/g, '\\$&')),
      ) as unknown,
    ]),
  ) as unknown as Report;
  const properties = Object.keys(keys).map((name) => ({ name, value }));
  const evil: Record<string, unknown> = {
    ...places,
    ...(JSON.parse('{"__proto__": {"polluted": true}}') as object),
    annotations: keys,
    process: {
      ...places.process,
      env: keys,
      limits: Object.fromEntries(Object.keys(keys).map((key) => [key, 1])),
      descriptors: {
        count: -1,
        kinds: Object.fromEntries(Object.keys(keys).map((key) => [key, 1])),
      },
    },
    threads: places.threads.map((one) => ({
      ...one,
      frames: one.frames.map((frame) => ({
        ...frame,
        function: markup,
        file: `javascript:window.owned = 6//${markup}`,
        locals: [{ name: '__proto__', value: { ...value, preview: markup, properties } }],
        source: { line: markup, before: [markup], after: ['</pre>', markup] },
        original: strangeOriginal(),
        declared: { line: -1, column: 1e99 },
      })),
    })),
    tasks: strangeTasks(),
    samples: [
      { ...keys, atMs: 0, threads: [] },
      {
        atMs: 1e308,
        threads: [
          { tid: 4242, state: markup, frames: [{ function: markup, file: markup, kind: 'js' }] },
        ],
      },
      {
        atMs: -1e308,
        threads: [
          {
            tid: 4242,
            call: markup,
            frames: [{ function: markup, line: 1e99, kind: 'js', original: strangeOriginal() }],
          },
        ],
      },
    ],
    timeline: [
      { ...keys, atMs: 0 },
      { atMs: -1, loopDelayMs: 1e300 },
      { atMs: -2, loopDelayMs: -1e300 },
    ],
    breadcrumbs: [keys, { text: markup, level: markup, at: markup, data: keys }],
    httpRequests: [{ kind: 'server', url: markup, method: markup, ageMs: -1e300 }],
    asyncStores: [{ name: markup, value: { type: markup, preview: markup } }],
    heapObjects: [{ className: markup, count: -1, bytes: 1e300 }],
    fault: { signal: markup, address: markup, registers: keys },
    packages: [{ name: markup, version: markup, directory: markup, changedSinceStart: true }],
    scripts: [{ file: markup, sha256: markup, sourceMapUrl: 'javascript:0', problem: markup }],
  };
  return evil as unknown as Report;
}

/** What no source map of good will says. */
function strangeOriginal(): object {
  const source = { line: markup, before: [markup], after: [] };
  return { file: `javascript:0//${markup}`, line: -7, column: 1e300, function: markup, source };
}

/** Tasks that wait for themselves, for each other without saying so, for nobody, and under one name. */
function strangeTasks(): Report['tasks'] {
  const base = { function: markup, file: markup, line: 1, column: 1, locals: [], arguments: [] };
  return [
    { ...base, id: 1, awaits: 1, dependsOn: [1], awaitedBy: [1], cycle: [1] },
    { ...base, id: 2, awaits: 3, dependsOn: [3, 3, 3], awaitedBy: [3] },
    { ...base, id: 3, awaits: 2, dependsOn: [2, 99, -1], awaitedBy: [2, 77] },
    { ...base, id: 3, awaits: markup, awaitedBy: [], count: -5 },
    { ...base, id: 1e21, awaits: markup, awaitedBy: [], cycle: [404, 405] },
  ];
}

/** So many frames that no screen and no page can hold them all. */
export function deepReport(count: number): Report {
  const frame = { kind: 'js' as const, arguments: [], locals: [] };
  const frames = Array.from({ length: count }, (_, n) => ({
    ...frame,
    function: `f${n}`,
    file: '/srv/a.js',
    line: n + 1,
  }));
  const chain = Array.from({ length: 20_000 }, (_, n) => ({
    id: n + 1,
    function: 'next',
    file: '/srv/a.js',
    line: n + 1,
    locals: [],
    arguments: [],
    awaits: n + 2,
    dependsOn: [n + 2],
    awaitedBy: n === 0 ? [] : [n],
  }));
  return report({ threads: [thread({ frames })], tasks: chain });
}
