/** Source maps that are broken, lie, or want to do harm: nothing but the frames of their own file is without an original. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { renderMarkdown } from '#dist/view/markdown.js';
import { renderReport } from '#dist/view/render.js';
import type { Frame } from '#dist/report/schema.js';
import { addOriginals } from '#dist/source-map/add-originals.js';
import { sourceMapUrlOf } from '#dist/source-map/comment.js';
import { BoundedFiles } from '#dist/source-map/files.js';
import { MapProblem } from '#dist/source-map/map-problem.js';
import { SourceMap } from '#dist/source-map/source-map.js';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { hangReport } from '../view/reports.ts';

const code = 'const a = 1;\nfunction f() { throw a; }\nf();\n';
const good = {
  version: 3,
  sources: ['a.ts'],
  sourcesContent: ['let a: number;\nf();\n'],
  names: [],
  mappings: 'AAAA;AACA',
};
const runs = Number(process.env['SLEEPER_TEST_MAPS'] ?? 2_000);

const textOf = (name: string): string => `${code}//# sourceMappingURL=${name}.map\n`;

const frameIn = (file: string, line = 1, column = 1): Frame => ({
  ...{ function: 'f', file, line, column, kind: 'js' },
  ...{ arguments: [], locals: [], declared: { line: 1, column: 1 } },
});

/** What becomes of two frames: one of a file with the map, one of a neighbour with a good map. */
async function mapped(
  owner: Owner,
  map: string | Buffer | null,
  place = { line: 1, column: 1 },
): Promise<{
  mine: Frame;
  neighbour: Frame;
  problem: string | undefined;
  directory: string;
}> {
  const directory = makeDirectory(owner, 'maps');
  const at = (name: string): string => path.join(directory, name);
  fs.writeFileSync(at('package.json'), '{}');
  for (const name of ['mine.js', 'other.js']) fs.writeFileSync(at(name), textOf(name));
  if (map !== null) fs.writeFileSync(at('mine.js.map'), map);
  fs.writeFileSync(at('other.js.map'), JSON.stringify(good));
  return { ...(await mapFrames(directory, place)), directory };
}

async function mapFrames(
  directory: string,
  { line, column }: { line: number; column: number },
  name = 'mine.js',
): Promise<{ mine: Frame; neighbour: Frame; problem: string | undefined }> {
  const files = [path.join(directory, name), path.join(directory, 'other.js')] as const;
  const frames = [frameIn(files[0], line, column), frameIn(files[1])];
  const result = await addOriginals(
    { threads: [{ frames }], tasks: [], timers: [] },
    {
      compiled: (file) => ({ file, text: textOf(path.basename(file)) }),
      declarations: () => new Map(),
      places: { files: new BoundedFiles('', performance.now() + 60_000), trustsPlace: true },
      trustsFile: () => true,
    },
  );
  const [mine, neighbour] = result.placed.threads[0]?.frames ?? [];
  assert.ok(mine !== undefined && neighbour !== undefined);
  const problem = result.scripts.find(({ file }) => file === files[0])?.problem;
  return { mine, neighbour, problem };
}

/** Deeper than any parser's stack, made as text. */
function nested(depth: number): string {
  return `${'{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":'.repeat(depth)}{}${'}]}'.repeat(depth)}`;
}

const whole: Record<string, [map: string | Buffer, problem: RegExp]> = {
  'no JSON': ['root:x:0:0:root:/root:/bin/bash', /is not JSON$/],
  'broken JSON': [JSON.stringify(good).slice(0, -20), /is not JSON$/],
  bytes: [Buffer.from([0xff, 0xfe, 0, 1, 2]), /is not JSON$/],
  'a list': ['[]', /is not a source map$/],
  null: ['null', /is not a source map$/],
  'version 2': [JSON.stringify({ ...good, version: 2 }), /version 3/],
  'no mappings': [JSON.stringify({ version: 3, sources: [] }), /has no mappings/],
  'mappings that are a number': [JSON.stringify({ ...good, mappings: 7 }), /has no mappings/],
  'mappings of other characters': [
    JSON.stringify({ ...good, mappings: 'A\u001b[31mA' }),
    /mappings that are none/,
  ],
  'millions of lines': [
    JSON.stringify({ ...good, mappings: ';'.repeat(3_000_000) }),
    /too many lines/,
  ],
  'millions of mappings': [
    JSON.stringify({ ...good, mappings: 'AAAA,'.repeat(4_000_000) }),
    /too many mappings/,
  ],
  'lines that the program does not have': [
    JSON.stringify({ ...good, mappings: ';;;;;;;;AAAA' }),
    /another build/,
  ],
  'columns that the program does not have': [
    JSON.stringify({ ...good, mappings: 'gggggC' }),
    /another build/,
  ],
  'sections in sections': [nested(3), /no plain map/],
  'sections in sections, endlessly': [nested(20_000), /no plain map|is not JSON/],
  'a section by address': [
    JSON.stringify({
      version: 3,
      sections: [{ offset: { line: 0, column: 0 }, url: 'mine.js.map' }],
    }),
    /no plain map/,
  ],
  'sections at no place': [
    JSON.stringify({ version: 3, sections: [{ map: good }] }),
    /without a place/,
  ],
  'sections far away': [
    JSON.stringify({ version: 3, sections: [{ offset: { line: 2 ** 40, column: 0 }, map: good }] }),
    /another build/,
  ],
  'sections in disorder': [
    JSON.stringify({
      version: 3,
      sections: [5, 1].map((line) => ({ offset: { line, column: 0 }, map: good })),
    }),
    /in disorder/,
  ],
  'many sections': [
    JSON.stringify({ version: 3, sections: Array.from({ length: 20_000 }, () => 0) }),
    /too many sections/,
  ],
};

suite('a map that is wrong as a whole', () => {
  for (const [name, [map, expected]] of Object.entries(whole))
    test(name, async (t) => {
      const { mine, neighbour, problem } = await mapped(t, map);
      assert.equal(mine.original, undefined);
      assert.match(problem ?? '', expected);
      assert.doesNotMatch(problem ?? '', /root:|\p{Cc}/u, 'it is never quoted');
      assert.equal(neighbour.original?.line, 1);
      assert.equal(neighbour.original.source?.line, 'let a: number;');
    });

  test('no file, a FIFO, a directory, a device, a link to a file of secrets', async (t) => {
    const { directory } = await mapped(t, null);
    const secrets = path.join(makeDirectory(t, 'secrets'), 'shop.map');
    fs.writeFileSync(secrets, JSON.stringify({ ...good, sourcesContent: ['S3cretOfThePast'] }));
    const place = path.join(directory, 'mine.js.map');
    const kinds: (() => void)[] = [
      () => undefined,
      () => execFileSync('mkfifo', [place]),
      () => {
        fs.mkdirSync(place);
      },
      () => {
        fs.symlinkSync('/dev/zero', place);
      },
      () => {
        fs.symlinkSync(secrets, place);
      },
    ];
    for (const make of kinds) {
      fs.rmSync(place, { recursive: true, force: true });
      make();
      const { mine, neighbour } = await mapFrames(directory, { line: 1, column: 1 });
      assert.equal(mine.original, undefined);
      assert.equal(neighbour.original?.line, 1);
    }
  });
});

suite('a map that is wrong about a place', () => {
  test('the other places are told', async (t) => {
    // The second line goes to line 900 of a file of two.
    const map = JSON.stringify({ ...good, mappings: 'AAAA;AAk4BA' });
    const first = await mapped(t, map);
    assert.equal(first.mine.original?.line, 1);
    const second = await mapFrames(first.directory, { line: 2, column: 1 });
    assert.equal(second.mine.original, undefined);
    assert.equal(second.problem, undefined);
  });

  test('a source that does not exist, has no name, or a column beyond its line', async (t) => {
    for (const wrong of [
      { ...good, sources: [] },
      { ...good, sources: [null] },
      { ...good, sources: [7] },
      { ...good, sources: ['x'.repeat(100_000)] },
      { ...good, mappings: 'AAAggggC' },
    ]) {
      const { mine, neighbour, problem } = await mapped(t, JSON.stringify(wrong));
      assert.equal(mine.original, undefined, JSON.stringify(wrong).slice(0, 200));
      assert.equal(problem, undefined);
      assert.equal(neighbour.original?.line, 1);
    }
  });
});

suite('what a map names is never read outside of the project', () => {
  const lines = async (owner: Owner, source: string, root?: string): Promise<Frame['original']> => {
    const map = { ...good, sources: [source], sourcesContent: undefined, sourceRoot: root };
    return (await mapped(owner, JSON.stringify(map))).mine.original;
  };

  test('/etc/passwd by all its ways', async (t) => {
    for (const source of [
      '../../../../../../etc/passwd',
      '/etc/passwd',
      'file:///etc/passwd',
      '..%2f..%2f..%2fetc%2fpasswd',
      '/proc/self/environ',
    ]) {
      const original = await lines(t, source);
      assert.equal(original?.source, undefined);
      assert.ok(!JSON.stringify(original ?? {}).includes('root:'));
    }
    assert.equal((await lines(t, 'passwd', '/etc'))?.source, undefined);
  });

  test('source text elsewhere, a link out of the project, a file that is no source text', async (t) => {
    const elsewhere = path.join(makeDirectory(t, 'elsewhere'), 'other.ts');
    fs.writeFileSync(elsewhere, 'const S3cret = 1;\n');
    assert.equal((await lines(t, elsewhere))?.source, undefined);
    const { directory } = await mapped(
      t,
      JSON.stringify({ ...good, sources: ['linked.ts'], sourcesContent: [] }),
    );
    fs.symlinkSync(elsewhere, path.join(directory, 'linked.ts'));
    assert.equal(
      (await mapFrames(directory, { line: 1, column: 1 })).mine.original?.source,
      undefined,
    );
    fs.rmSync(path.join(directory, 'linked.ts'));
    fs.writeFileSync(path.join(directory, 'linked.ts'), 'let mine: number;\n');
    const own = (await mapFrames(directory, { line: 1, column: 1 })).mine.original;
    assert.equal(own?.source?.line, 'let mine: number;', 'the project’s own file is read');
    fs.writeFileSync(path.join(directory, '.env'), 'TOKEN=S3cret\n');
    assert.equal((await lines(t, '.env'))?.source, undefined);
  });
});

test('escapes, markup and keys in names are shown harmlessly in every face', async (t) => {
  const evil = '\u001b]0;owned\u0007\u202e<script>';
  const map = {
    ...good,
    sources: [`${evil}.ts`],
    sourcesContent: [`${evil}\n__proto__`],
    names: [evil, '__proto__'],
  };
  const { mine } = await mapped(t, JSON.stringify({ ...map, mappings: 'AAAAA' }));
  assert.ok(mine.original?.file.includes('owned') === true);
  assert.equal(mine.original.function, undefined, 'what is no identifier is no name');
  const report = hangReport();
  report.threads = report.threads.map((thread) => ({
    ...thread,
    frames: [mine],
  }));
  for (const text of [renderReport(report, { color: false, width: 100 }), renderMarkdown(report)])
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

test('the comment: the last one, in its own line, and nothing else', () => {
  const url = (text: string): string | null => sourceMapUrlOf(text);
  assert.equal(url('f();\n//# sourceMappingURL=a.js.map\n'), 'a.js.map');
  assert.equal(url('f();\n//@ sourceMappingURL=a.js.map\n//# debugId=1\n\n'), 'a.js.map');
  assert.equal(url('//# sourceMappingURL=a.js.map\nf();'), null);
  assert.equal(url('x = "//# sourceMappingURL=a.js.map";\n'), null);
  assert.equal(url('//# sourceMappingURL=\n'), null);
  assert.equal(url(`//# sourceMappingURL=${'x'.repeat(10_000)}\n`), null);
  assert.equal(url(`//# sourceMappingURL=a.js.map\n${'\n'.repeat(100_000)}`), null);
});

test('whatever a map says, a place is told or not, in bounded time', () => {
  const json = fc.oneof(fc.jsonValue(), fc.constantFrom(good.mappings, 'AAAA', 3, [], {}, 'a.ts'));
  const field = fc.constantFrom(
    'version',
    'sources',
    'names',
    'mappings',
    'sourcesContent',
    'sections',
    'sourceRoot',
    '__proto__',
  );
  const vlq = fc.string({ unit: fc.constantFrom(...Array.from('ABCDgh+/,;')), maxLength: 60 });
  const maps = fc
    .tuple(fc.dictionary(field, json), fc.option(vlq, { nil: undefined }))
    .map(([fields, mappings]) =>
      JSON.stringify({ ...good, ...fields, ...(mappings !== undefined && { mappings }) }),
    );
  let told = 0;
  fc.assert(
    fc.property(maps, fc.nat(5), fc.nat(50), (text, line, column) => {
      try {
        const traced = new SourceMap(text, '/srv/app/a.js.map').trace(line, column);
        if (traced === null) return;
        told++;
        assert.ok(Number.isSafeInteger(traced.line) && traced.line > 0 && traced.column > 0);
        assert.equal(typeof traced.file, 'string');
      } catch (error) {
        assert.ok(error instanceof MapProblem, String(error));
      }
    }),
    { numRuns: runs, seed: 7 },
  );
  assert.ok(told > runs / 100, `${told} of ${runs} were maps`);
});
