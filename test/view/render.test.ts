import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from '#dist/view/layout.js';
import { renderListing } from '#dist/view/listing.js';
import { renderMarkdown } from '#dist/view/markdown.js';
import { renderReport, renderStacks } from '#dist/view/render.js';
import { hostileReport, hostileText } from './hostile.ts';
import { frame, number, report, thread, variables } from './parts.ts';
import type { Task } from '#dist/report/schema.js';
import { crashReport, hangReport, idleReport, sampleReports, syncIoReport } from './reports.ts';
import { task } from './waiting-reports.ts';

const plain = { color: false, width: 80 };

/** The offset of each text, which must follow each other. */
function assertInOrder(output: string, texts: readonly string[]): void {
  let offset = 0;
  for (const text of texts) {
    const found = output.indexOf(text, offset);
    assert.ok(
      found >= 0,
      `${JSON.stringify(text)} is missing behind offset ${offset} in\n${output}`,
    );
    offset = found + text.length;
  }
}

suite('a report as text', () => {
  for (const [name, build] of Object.entries(sampleReports)) {
    for (const width of [40, 80, 200]) {
      for (const full of [false, true]) {
        test(`${name}: fits ${width} columns${full ? ' in full' : ''}`, () => {
          const lines = renderReport(build(), { color: false, width, full }).split('\n');
          assert.deepEqual(
            lines.filter((line) => displayWidth(line) > width),
            [],
          );
        });
      }
    }

    test(`${name}: holds no control character, with colour only colours`, () => {
      for (const full of [false, true]) {
        const text = renderReport(build(), { ...plain, full });
        assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        const colored = renderReport(build(), { color: true, width: 80, full });
        // eslint-disable-next-line no-control-regex
        const bare = colored.replace(/\x1b\[[\d;]*m/g, '').replaceAll('\n', '');
        assert.doesNotMatch(bare, /[\p{Cc}\p{Cf}\p{Cs}]/u);
      }
    });
  }
});

suite('what stands where', () => {
  test('colour changes no word', () => {
    const colored = stripVTControlCharacters(
      renderReport(hangReport(), { color: true, width: 80 }),
    );
    const expected = renderReport(hangReport(), plain).replace('[js-busy]', ' js-busy ');
    assert.equal(colored, expected);
  });

  test('the first screen answers what, why, with which values', () => {
    const output = renderReport(hangReport(), plain);
    assertInOrder(output, [
      '[js-busy]  certain',
      'The main thread has been running JavaScript for 7.2 s',
      'why now   hang: the event loop did not answer',
      '4242  node server.js',
      'MAIN THREAD',
      '#0  applyDiscounts(order=',
      'rate=0.15',
      'src/pricing.js:42:14',
      '> 42 |   attempt += order.items.length;',
      "order = { id: 'A-17', customer: {…}, items: Array(3) }",
      'id       = "A-17"',
      'attempt = 81273112',
      'total   = <optimized out>',
      'maxAttempts = 9007199254740991',
      '#1  priceOrder(',
      '[turbofan, inlined]',
      '#2  OrderService.place(',
      'retries   = 0',
      '#3  next(err=undefined)  node_modules/router/lib/route.js:157:13',
      '… 3 frames of node:events, node:_http_server, node:_http_common',
      'EVIDENCE',
      'WHAT TO DO',
      'WORKER 1',
      '#1  waitForJob(slot=3)',
      '9 NATIVE THREADS',
      'PROCESS AND HOST',
      'NOT IN THIS REPORT',
      'report 1f3a9c2e-77aa',
    ]);
    const lines = output.split('\n');
    assert.ok(
      lines.findIndex((line) => line.includes('#0')) < 14,
      'the stack begins on the first screen',
    );
  });
});

suite('details', () => {
  test('the caret stands below the column', () => {
    const lines = renderReport(hangReport(), plain).split('\n');
    const marked = lines.findIndex((line) => line.includes('> 42 |'));
    assert.equal(lines[marked + 1]?.indexOf('^'), lines[marked]?.indexOf('order.items'));
  });

  test('internal frames that are innermost are shown: they say what was called', () => {
    const output = renderReport(syncIoReport(), plain);
    assertInOrder(output, [
      'in system call read(fd 17 → /tmp/config.fifo)',
      '#0  readSync(fd=17',
      '#1  readConfig(',
      '… 2 frames of node:internal/timers',
    ]);
    assertInOrder(output, ['src/config.mjs:9:14']); // a file: URL as a path below the working directory
  });

  test('an error with its causes', () => {
    assertInOrder(renderReport(crashReport(), plain), [
      "OrderError: Cannot price order 'A-17'",
      'ERROR',
      'at priceOrder  src/pricing.js:61:11',
      '… 1 frame of node:internal',
      'orderId = "A-17"',
      'CAUSED BY',
      'AggregateError: All replicas failed',
      'error 1 of 2',
      'connect ECONNREFUSED 127.0.0.1:5432',
      'code  = "ECONNREFUSED"',
      'error 2 of 2',
      'The stack had unwound',
    ]);
  });

  test('idle says so, without a stack', () => {
    const output = renderReport(idleReport(), plain);
    assertInOrder(output, ['[idle]  certain', 'no JS frames: waiting in the event loop']);
    assert.doesNotMatch(output, /#0/);
  });
});

suite('what is long is folded', () => {
  test('recursion is folded to its ends', () => {
    const frames = Array.from({ length: 900 }, (_, n) =>
      frame('fib', '/var/orders/fib.js:3:10', { arguments: variables({ n: number(n) }) }),
    );
    const output = renderReport(report({ threads: [thread({ frames })] }), plain);
    assertInOrder(output, ['#0  fib(n=0)', '… 898 more activations of fib', '#899', 'fib(n=899)']);
    const full = renderReport(report({ threads: [thread({ frames })] }), { ...plain, full: true });
    assert.match(full, /#500 fib\(n=500\)/);
  });

  test('a minified line is cut around its column', () => {
    const line = `${'a=1;'.repeat(500)}HERE();${'b=2;'.repeat(500)}`;
    const column = line.indexOf('HERE') + 1;
    const source = { line, before: [], after: [] };
    const frames = [frame('f', `/var/orders/min.js:1:${column}`, { source })];
    const output = renderReport(report({ threads: [thread({ frames })] }), plain);
    const lines = output.split('\n');
    const marked = lines.findIndex((text) => text.includes('HERE'));
    assert.equal(lines[marked + 1]?.indexOf('^'), lines[marked]?.indexOf('HERE'));
  });

  test('a hostile report stays short', () => {
    const lines = renderReport(hostileReport(), plain).split('\n');
    assert.ok(lines.length < 400, `${lines.length} lines`);
  });

  test('a report of a newer format is announced', () => {
    assert.match(renderReport(report({ formatVersion: 7 }), plain), /newer sleeper \(format 7\)/);
  });

  test('what a report does without stands where it was, and is counted', () => {
    const frames = Array.from({ length: 200 }, (_, n) =>
      frame('dive', '/var/orders/dive.js:3:1', {
        arguments: variables({ n: number(n < 120 ? n : n + 99_810) }),
      }),
    );
    const omitted = { before: 120, count: 99_810 };
    const cut = report({ threads: [thread({ frames, omitted })] });
    const rows = [
      '#0',
      'dive(n=0)',
      '… 118 more activations of dive at the same line',
      '#119',
      'dive(n=119)',
      '… 99810 frames not in the report',
      '#99930',
      'dive(n=99930)',
      '… 78 more activations of dive',
      '#100009',
      'dive(n=100009)',
    ];
    assertInOrder(renderReport(cut, plain), rows);
    assertInOrder(renderMarkdown(cut), rows);
    assertInOrder(renderReport(cut, { ...plain, full: true }), [
      '#119',
      '… 99810 frames not in',
      '#99930',
    ]);
    // A hostile number points nowhere.
    for (const before of [-1, 0.5, 1e300, NaN])
      assert.match(
        renderReport(
          report({ threads: [thread({ frames, omitted: { before, count: 5 } })] }),
          plain,
        ),
        /#0 {2}dive/,
      );
  });
});

suite('suspended functions', () => {
  const internal = (id: number, rest: Partial<Task>): Task =>
    task(id, { function: `step${id}`, file: 'node:internal/modules/run_main', ...rest });

  test('what is left out is all that is not told', () => {
    const text = renderReport(
      {
        ...idleReport(),
        tasks: [
          task(1, { count: 3 }),
          internal(2, { awaits: 3, dependsOn: [3] }),
          internal(3, { awaitedBy: [2], count: 4 }),
        ],
      },
      plain,
    );
    assert.match(text, /TASKS {2}8 suspended/);
    assert.match(text, /3\s× async load/);
    assert.match(text, /… 5 tasks of Node's own: async step2/);
  });

  test('a function of the program that only Node waits for is told', () => {
    const text = renderReport(
      {
        ...idleReport(),
        tasks: [
          internal(1, { awaits: 2, dependsOn: [2] }),
          internal(2, { awaitedBy: [1], awaits: 3, dependsOn: [3] }),
          task(3, { awaitedBy: [2] }),
        ],
      },
      plain,
    );
    assert.match(text, /← #3 async load/);
    assert.doesNotMatch(text, /of Node's own/);
  });
});

test('at the end it says how to see the rest, if it was kept', () => {
  const [short] = hangReport().id.split('-');
  const last = (keptAs?: string | null): string =>
    renderReport(hangReport(), { ...plain, width: 200, ...(keptAs !== undefined && { keptAs }) })
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replaceAll('\u00a0', ' ') ?? '';
  assert.match(last(), new RegExp(`all: sleeper view ${short} --full$`));
  assert.match(last('/tmp/one.msgpack'), /all: sleeper view \/tmp\/one\.msgpack --full$/);
  assert.match(last(null), /not kept: -o FILE keeps it, and sleeper view FILE --full shows all$/);
});

suite('stacks for a debugger', () => {
  test('every frame of every thread with JavaScript, plain', () => {
    const output = renderStacks(hangReport().threads);
    assertInOrder(output, [
      'main thread (tid 4242) running, JS',
      '#0  applyDiscounts(',
      '/var/orders/src/pricing.js:42:14',
      '#6  parserOnHeadersComplete()  node:_http_common:119:17',
      'worker 1 (tid 4260) sleeping, futex(FUTEX_WAIT)',
      '#1  waitForJob(slot=3)',
      '9 native threads',
    ]);
    assert.doesNotMatch(output, /81273112|PROCESS/);
  });

  test('hostile text does nothing', () => {
    const output = renderStacks(hostileReport().threads, { width: 120 });
    assert.doesNotMatch(output.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  });
});

suite('the table of reports', () => {
  const row = {
    capturedAt: '2026-11-23T00:48:31.417Z',
    pid: 4242,
    trigger: 'hang',
    verdict: 'js-busy',
    summary: 'The main thread has been running JavaScript for 7.2 s and more',
    shortId: '1f3a9c2e',
  };

  test('columns, cut to the width', () => {
    const [title, line] = renderListing([row], plain).split('\n');
    assert.match(title ?? '', /^WHEN \(UTC\) +PID +WHAT +SUMMARY +ID$/);
    assert.match(
      line ?? '',
      /^2026-11-23 00:48 {2}4242 {2}hang: js-busy {2}The main .*… {2}1f3a9c2e$/,
    );
    assert.equal(displayWidth(line ?? ''), 80);
  });

  test('a row is one line, and no wider than the terminal, however narrow that is', () => {
    const wordy = { ...row, summary: `Error: first\nsecond ${'long '.repeat(90)}` };
    for (const width of [40, 60, 80, 200]) {
      const lines = renderListing([wordy, row], { color: false, width }).trimEnd().split('\n');
      assert.equal(lines.length, 3);
      for (const line of lines) assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
      assert.doesNotMatch(lines.join('\n'), /second/);
      assert.match(lines[1] ?? '', / {2}1f3a9c2e$/);
    }
  });

  test('hostile text does nothing and breaks no column', () => {
    const evil = { ...row, summary: hostileText, verdict: hostileText, capturedAt: '\x1b[2J' };
    for (const color of [true, false]) {
      const lines = renderListing([row, evil], { color, width: 80 }).trimEnd().split('\n');
      assert.equal(lines.length, 3);
      for (const line of lines.map(stripVTControlCharacters)) {
        assert.ok(displayWidth(line) <= 80, line);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
      }
    }
  });
});
