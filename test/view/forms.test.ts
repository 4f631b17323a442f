/** A report in the forms of others: Markdown, Node's own report, profiles. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { renderMarkdown } from '#dist/view/markdown.js';
import { toNodeReport } from '#dist/view/node-report.js';
import { renderProfile } from '#dist/view/profile.js';
import { hostileReport, markupReport } from './hostile.ts';
import { crashReport, hangReport, sampleReports } from './reports.ts';
import { toldReport } from './told-report.ts';
import { circleReport } from './waiting-reports.ts';

suite('Markdown for an issue', () => {
  test('verdict, blamed stack with values, the rest folded', () => {
    const text = renderMarkdown(hangReport());
    assert.match(text, /^### js-busy: The main thread has been running JavaScript for 7\.2 s/);
    assert.match(text, /```text\n#0 {2}applyDiscounts\(order=.* {2}src\/pricing\.js:42:14/);
    assert.match(text, /^ {4}> attempt \+= order\.items\.length;$/m);
    assert.match(text, /^ {6}attempt = 81273112$/m);
    assert.match(text, /<details><summary>worker 1, sleeping<\/summary>/);
    assert.match(renderMarkdown(circleReport()), /2× |async archiveOrders .* waits for #2 async/);
  });

  test('nothing that only its owner may know: environment, host, command line, peers', () => {
    const report = toldReport();
    report.handles = [{ type: 'tcp', peer: '10.9.8.7:65000' }];
    report.process.env = { DATABASE: 'postgres://db7' };
    const text = renderMarkdown(report);
    for (const secret of ['10.9.8.7', 'postgres', 'web1', '--port', '/var/orders'])
      assert.ok(!text.includes(secret), secret);
  });

  test('text of a hostile report is no markup and ends no block', () => {
    for (const build of [hostileReport, markupReport]) {
      const report = build();
      report.verdict.summary = 'a ``` b <img src=x> [x](javascript:1) @everyone #1 <!-- ';
      report.error = { name: 'E', message: '```\n</details><script>', properties: [] };
      const text = renderMarkdown(report);
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u);
      assert.ok(text.length < 200_000);
      const outside = text.replace(/^(`{3,})text\n[^]*?\n\1$/gm, '');
      assert.doesNotMatch(outside, /<(?!\/?(details|summary)>)|(?<!\\)\[x|@everyone/);
      assert.ok(
        text.includes('````text\nE: ```\\n</details>'),
        'the fence is longer than what it holds',
      );
    }
  });
});

suite('as Node’s own report', () => {
  test('has the sections of reportVersion 3', () => {
    const report = JSON.parse(JSON.stringify(toNodeReport(hangReport()))) as Record<
      string,
      unknown
    >;
    const own = (process.report.getReport as () => unknown)() as Record<string, unknown>;
    for (const [key, value] of Object.entries(report)) {
      assert.ok(Object.hasOwn(own, key), `node has no section ${key}`);
      assert.equal(Array.isArray(value), Array.isArray(own[key]), key);
    }
    const ownHeader = Object.keys(own['header'] as object);
    const header = report['header'] as Record<string, unknown>;
    assert.deepEqual(
      Object.keys(header).filter((key) => !ownHeader.includes(key)),
      [],
    );
    assert.equal(header['processId'], 4242);
    const { stack } = report['javascriptStack'] as { stack: string[] };
    assert.equal(stack[0], 'at applyDiscounts (/var/orders/src/pricing.js:42:14)');
  });

  test('an error with its stack and properties', () => {
    const { javascriptStack } = toNodeReport(crashReport()) as {
      javascriptStack: { message: string; stack: string[]; errorProperties: object };
    };
    assert.equal(javascriptStack.message, "OrderError: Cannot price order 'A-17'");
    assert.match(javascriptStack.stack[0] ?? '', /^at priceOrder/);
    assert.deepEqual(javascriptStack.errorProperties, { orderId: '"A-17"' });
  });
});

suite('the looks as a profile', () => {
  test('collapsed: weights are the time between looks', () => {
    const lines = (renderProfile(toldReport(), 'collapsed') ?? '').trimEnd().split('\n');
    for (const line of lines) assert.match(line, /^[^;]+(;[^;]+)+ \d+$/);
    const total = (title: string): number =>
      lines
        .filter((line) => line.startsWith(title))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    assert.equal(total('main thread'), 24 * 40);
    assert.equal(total('worker 1'), 24 * 40);
  });

  test('speedscope: indexes name frames, a weight for each sample', () => {
    const file = JSON.parse(renderProfile(toldReport(), 'speedscope') ?? '') as {
      shared: { frames: { name: string }[] };
      profiles: { samples: number[][]; weights: number[]; endValue: number }[];
    };
    assert.equal(file.profiles.length, 2);
    for (const { samples, weights, endValue } of file.profiles) {
      assert.equal(samples.length, weights.length);
      assert.equal(
        weights.reduce((sum, weight) => sum + weight, 0),
        endValue,
      );
      for (const index of samples.flat()) assert.ok(file.shared.frames[index] !== undefined);
    }
    const [first = []] = file.profiles[0]?.samples ?? [];
    assert.equal(file.shared.frames[first[0] ?? -1]?.name, 'emit');
  });

  test('cpuprofile: a tree with one root, a delta for each sample', () => {
    const file = JSON.parse(renderProfile(toldReport(), 'cpuprofile') ?? '') as {
      nodes: { id: number; children: number[]; hitCount: number }[];
      samples: number[];
      timeDeltas: number[];
    };
    assert.equal(file.samples.length, file.timeDeltas.length);
    const ids = new Set(file.nodes.map(({ id }) => id));
    const children = file.nodes.flatMap((node) => node.children);
    assert.equal(new Set(children).size, file.nodes.length - 1);
    assert.ok([...children, ...file.samples].every((id) => ids.has(id)));
    assert.equal(
      file.nodes.reduce((sum, { hitCount }) => sum + hitCount, 0),
      file.samples.length,
    );
  });

  test('pprof: read by a decoder that is not ours, the samples are the looks', () => {
    const report = toldReport();
    const bytes = renderProfile(report, 'pprof');
    assert.ok(bytes !== null);
    const profile = Profile.decode(gunzipSync(bytes));
    const text = (index: number | bigint): string =>
      profile.stringTable.strings[Number(index)] ?? assert.fail(`no string ${index}`);
    assert.equal(text(0), '');
    assert.deepEqual(
      profile.sampleType.map(({ type, unit }) => [text(type), text(unit)]),
      [
        ['looks', 'count'],
        ['wall', 'nanoseconds'],
      ],
    );
    const functions = new Map(profile.function.map((one) => [one.id, one]));
    const locations = new Map(profile.location.map((one) => [one.id, one]));
    const looks = (report.samples ?? []).flatMap(({ threads }) =>
      threads.filter(({ frames }) => frames.length > 0),
    );
    assert.equal(profile.sample.length, looks.length);
    const stacks = profile.sample.map(({ locationId }) =>
      locationId.map((id) => {
        const [line] = locations.get(id)?.line ?? [];
        const named = functions.get(line?.functionId ?? -1);
        return `${text(named?.name ?? -1)} ${text(named?.filename ?? -1)}:${Number(line?.line ?? 0)}`;
      }),
    );
    const expected = looks.map(({ frames }) =>
      frames.map(({ function: name, file = '', line = 0 }) => `${name} ${file}:${line}`),
    );
    assert.deepEqual(
      stacks.map((one) => one.join()).sort(),
      expected.map((one) => one.join()).sort(),
    );
    const total = (title: string): bigint =>
      profile.sample
        .filter(({ label }) => label.some(({ str }) => text(str).startsWith(title)))
        .reduce((sum, { value }) => sum + BigInt(value[1] ?? 0), 0n);
    assert.equal(total('main thread'), 24n * 40_000_000n);
    assert.equal(total('worker 1'), 24n * 40_000_000n);
    assert.equal(BigInt(profile.timeNanos), BigInt(Date.parse(report.capturedAt)) * 1_000_000n);
    assert.equal(BigInt(profile.durationNanos), 24n * 40_000_000n);
    assert.doesNotThrow(() =>
      Profile.decode(gunzipSync(renderProfile(markupReport(), 'pprof') ?? '')),
    );
  });

  test('a report without looks has none; a hostile one gives harmless text', () => {
    for (const build of Object.values(sampleReports))
      assert.equal(renderProfile(build(), 'collapsed'), null);
    for (const format of ['collapsed', 'speedscope', 'cpuprofile'] as const) {
      const text = renderProfile(markupReport(), format) ?? '';
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u);
    }
  });
});
