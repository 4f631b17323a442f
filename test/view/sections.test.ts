/** What `sleeper view` shows on request: sections, one thread, what matches. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Report, Sample } from '#dist/report/schema.js';
import { renderReport } from '#dist/view/render.js';
import { sectionNames } from '#dist/view/section-names.js';
import { frame, number, report, text, thread, variables } from './parts.ts';
import { crashReport, hangReport, idleReport } from './reports.ts';
import { task } from './waiting-reports.ts';

const plain = { color: false, width: 80 };

/** An idle process with 5,000 tasks at one await, and two that wait for each other. */
function waitingReport(): Report {
  const alike = Array.from({ length: 5_000 }, (_, n) => task(100 + n, { line: 7 }));
  const circle = [
    task(1, { function: 'a', awaits: 2, dependsOn: [2], awaitedBy: [2], cycle: [1, 2] }),
    task(2, { function: 'b', awaits: 1, dependsOn: [1], awaitedBy: [1], cycle: [2, 1] }),
  ];
  return { ...idleReport(), tasks: [...alike, ...circle] };
}

suite('sections', () => {
  test('one alone, several, and none of the rest', () => {
    const evidence = renderReport(hangReport(), { ...plain, sections: ['evidence'] });
    assert.match(evidence, /^EVIDENCE\n/);
    assert.doesNotMatch(evidence, /MAIN THREAD|js-busy|report 1f3a/);
    const two = renderReport(hangReport(), { ...plain, sections: ['verdict', 'threads'] });
    assert.match(two, /^\[js-busy\][^]*WORKER 1/);
    assert.doesNotMatch(two, /EVIDENCE/);
  });

  test('every name is a section of some report', () => {
    const all = { ...crashReport(), tasks: [task(1)], timeline: [{ atMs: -5, loopDelayMs: 3 }] };
    for (const name of sectionNames) {
      const source = name === 'evidence' ? hangReport() : name === 'threads' ? hangReport() : all;
      assert.notEqual(renderReport(source, { ...plain, sections: [name] }), '', name);
    }
  });

  test('one thread is told in full', () => {
    const worker = renderReport(hangReport(), { ...plain, thread: 'worker 1' });
    assert.match(worker, /^WORKER 1 /);
    assert.doesNotMatch(worker, /MAIN THREAD/);
    assert.equal(renderReport(hangReport(), { ...plain, thread: '4260' }), worker);
    assert.match(renderReport(hangReport(), { ...plain, thread: 'main' }), /#6 {2}parserOnHeaders/);
    assert.equal(renderReport(hangReport(), { ...plain, thread: 'worker 9' }), '');
  });
});

suite('--grep', () => {
  test('a match stands below the frame and the thread it belongs to', () => {
    const found = renderReport(hangReport(), { ...plain, grep: /maxAttempts/i });
    const lines = found.split('\n').map((line) => line.trimEnd());
    assert.match(lines[0] ?? '', /^MAIN THREAD/);
    assert.match(found, /#0 {2}applyDiscounts\(/);
    assert.match(found, /maxAttempts = 9007199254740991/);
    assert.doesNotMatch(found, /priceOrder|retries/);
  });

  test('what was found is marked, in colour', () => {
    const found = renderReport(hangReport(), { ...plain, color: true, grep: /81273112/ });
    assert.ok(found.includes('\x1b[7m81273112\x1b[0m'), JSON.stringify(found));
  });

  test('a value longer than a line is found, nothing is nothing', () => {
    const long = `${'a'.repeat(70)} ${'b'.repeat(70)}`;
    const frames = [
      frame('f', '/var/orders/a.js:1:1', { locals: variables({ long: text(long) }) }),
    ];
    const big = report({ threads: [thread({ frames })] });
    assert.match(renderReport(big, { ...plain, grep: /a b/ }), /long = "a+ b+"/);
    assert.equal(renderReport(big, { ...plain, grep: /nowhere/ }), '');
  });
});

suite('tasks in a report', () => {
  test('what an idle program waits for comes before its empty stack', () => {
    const output = renderReport(waitingReport(), plain);
    assert.ok(output.indexOf('TASKS') < output.indexOf('MAIN THREAD'));
    assert.ok(output.indexOf('[deadlock]') < output.indexOf('async load'));
    assert.match(output, /#1 async a → #2 async b → #1 async a/);
  });

  test('thousands at one await are two and a count', () => {
    const output = renderReport(waitingReport(), plain);
    assert.equal([...output.matchAll(/#\d+ async load\(/g)].length, 2);
    assert.match(output, /… 4998 more of async load at the same await/);
    const full = renderReport(waitingReport(), { ...plain, full: true });
    assert.equal([...full.matchAll(/#\d+ async load\(/g)].length, 5_000);
  });

  test('a busy program shows its stack first', () => {
    const output = renderReport({ ...hangReport(), tasks: [task(1)] }, plain);
    assert.ok(output.indexOf('MAIN THREAD') < output.indexOf('TASKS'));
  });
});

suite('looks and timeline', () => {
  const look = (atMs: number, line: number, cpuMs: number): Sample => ({
    atMs,
    threads: [
      {
        tid: 4242,
        state: 'R',
        cpuMs,
        loopTurns: 9,
        frames: [
          { function: 'set', kind: 'builtin' },
          { function: 'sum', file: '/var/orders/sum.js', line, column: 3, kind: 'js' },
          { function: 'main', file: '/var/orders/main.js', line: 1, column: 1, kind: 'js' },
        ],
      },
    ],
  });

  test('has not moved', () => {
    const samples = [look(0, 7, 100), look(50, 7, 140), look(100, 7, 190)];
    const output = renderReport({ ...hangReport(), samples }, { ...plain, width: 200 });
    const sentence =
      'has not moved: sum (sum.js:7) in 3 looks in 100 ms; it used 90 ms of CPU; its loop did not turn';
    assert.ok(output.includes(sentence), output);
  });

  test('moves within one function, moves, and what cannot be said', () => {
    const wide = { ...plain, width: 200 };
    const within = [look(0, 7, 1), look(50, 8, 40)];
    assert.match(
      renderReport({ ...hangReport(), samples: within }, wide),
      /moves within one function: sum \(sum\.js:7\), sum \(sum\.js:8\) in 2 looks/,
    );
    const other = JSON.parse(JSON.stringify(look(50, 8, 40)).replaceAll('sum', 'tax')) as Sample;
    assert.match(
      renderReport({ ...hangReport(), samples: [look(0, 7, 1), other] }, wide),
      /moves: sum \(sum\.js:7\) ×1, tax \(tax\.js:8\) ×1 in 2 looks/,
    );
    const running = [0, 9].map((atMs): Sample => {
      return { atMs, threads: [{ tid: 4242, call: 'running', frames: [] }] };
    });
    assert.doesNotMatch(renderReport({ ...hangReport(), samples: running }, wide), /has not moved/);
    const empty: Sample[] = [
      { atMs: 0, threads: [] },
      { atMs: 9, threads: [] },
    ];
    assert.doesNotMatch(renderReport({ ...hangReport(), samples: empty }, wide), /moved/);
  });

  test('the timeline is a chart with its figures', () => {
    const timeline = Array.from({ length: 60 }, (_, n) => ({
      atMs: (n - 60) * 1_000,
      loopDelayMs: n < 50 ? 1 : 2_000,
      rssBytes: (100 + n) * 1_048_576,
    }));
    const output = renderReport({ ...hangReport(), timeline }, plain);
    assert.match(output, /TIMELINE {2}the last 1 min before the capture/);
    assert.match(output, /loop delay +▁+█+ {2}1 ms to 2 s, last 2 s/);
    assert.match(output, /resident memory +▁.*█ {2}100 MiB to 159 MiB, last 159 MiB/);
  });
});

suite('what only the agent tells', () => {
  test('requests in flight, stores, last words, the fault, the largest classes', () => {
    const told = {
      ...hangReport(),
      httpRequests: [
        { kind: 'server' as const, method: 'GET', url: '/new', ageMs: 5 },
        {
          kind: 'server' as const,
          method: 'POST',
          url: '/orders',
          ageMs: 12_000,
          peer: '10.0.0.7:4242',
        },
      ],
      asyncStores: [{ name: 'requestId', value: text('r-17') }],
      breadcrumbs: [
        {
          at: '2026-11-23T00:48:30Z',
          level: 'warn',
          source: 'pino',
          text: 'slow',
          data: number(3),
        },
        { odd: 1 },
      ],
      fault: { signal: 'SIGSEGV', code: 'SEGV_MAPERR', address: '0x0', registers: { rip: '0x7' } },
      heapObjects: [{ className: 'Order', count: 200_000, bytes: 32 << 20 }],
    };
    const output = renderReport(told, plain);
    for (const words of [
      'HTTP IN FLIGHT  2 requests, oldest first\n  server POST /orders, 12 s old, 10.0.0.7:4242',
      'requestId = "r-17"',
      '00:48:30 UTC warn pino slow  3',
      'odd: 1',
      'FAULT\n  SIGSEGV SEGV_MAPERR at address 0x0',
      'rip 0x7',
      '32 MiB in 200000 × Order',
    ])
      assert.ok(output.includes(words), `${words} is missing in\n${output}`);
  });
});

suite('recursion', () => {
  test('functions that call each other in turn are folded to the ends', () => {
    const frames = Array.from({ length: 600 }, (_, n) =>
      frame(n % 2 === 0 ? 'isEven' : 'isOdd', `/var/orders/n.js:${3 + (n % 2)}:1`, {
        arguments: variables({ n: number(n) }),
      }),
    );
    const output = renderReport(report({ threads: [thread({ frames })] }), plain);
    assert.match(output, /#0 {2}isEven\(n=0\)[^]*#1 {2}isOdd\(n=1\)/);
    assert.match(output, /… 596 more activations of isEven, isOdd at the same lines/);
    assert.match(output, /#599 isOdd\(n=599\)/);
  });
});
