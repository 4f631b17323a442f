/** The house rules that can be read off the sources. What is wrong is listed by file; nothing is fixed here. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { errorCodes } from '#dist/errors.js';
import { root } from './harness/paths.ts';
import { listFiles, readSource } from './harness/source-files.ts';
import type { SourceFile } from './harness/source-files.ts';

/** Stages in the order in which a report travels; none imports a later one. */
const stages = [
  'report',
  'source-map',
  'reader',
  'agent',
  'probe',
  'detect',
  'capture',
  'diagnose',
  'encode',
  'archive',
  'watch',
  'view',
  'cli',
];
/** Only these wire other stages together out of order. */
const wiring = new Set(['cli', 'capture']);
const maxFileLines = 300;
const maxFunctionLines = 70;
/** Tables of foreign knowledge, and the schema, which is one table of fields with their meaning. */
const dataTables = new Set([
  'src/reader/layout/builtin-names.ts',
  'src/reader/layout/constants.ts',
  'src/reader/layout/translation-opcodes.ts',
  'src/report/schema.ts',
]);

const sources = listFiles('src', /\.(c?ts|tsx)$/).map(readSource);
const testSources = listFiles('test', /\.ts$/).map(readSource);

/** `reader` for src/reader/frames/unwind.ts; empty for files directly in src. */
function stageOf(file: string): string {
  const parts = file.split('/');
  return parts.length > 2 ? (parts[1] ?? '') : '';
}

/** Position in the pipeline; files directly in src stand before all, and may use the report besides. */
function rank(file: string): number {
  return stages.indexOf(stageOf(file));
}

function inStage(stage: string): SourceFile[] {
  return sources.filter((source) => stageOf(source.file) === stage);
}

test('there are sources to check, and every folder of src is a stage', () => {
  assert.ok(sources.length > 10);
  const folders = new Set(
    sources.map((source) => stageOf(source.file)).filter((name) => name !== ''),
  );
  assert.deepEqual(
    [...folders].filter((folder) => !stages.includes(folder)),
    [],
  );
});

test('1: report/ imports nothing of ours', () => {
  const wrong = inStage('report').flatMap(({ file, imports }) =>
    imports
      .filter(({ target }) => stageOf(target) !== 'report')
      .map(({ target }) => `${file} → ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('2: a stage never imports a later one', () => {
  const wrong = sources.flatMap(({ file, imports }) => {
    const stage = stageOf(file);
    if (wiring.has(stage) || file === 'src/index.ts') return [];
    return imports
      .filter(({ target }) => rank(target) > Math.max(rank(file), stages.indexOf('report')))
      .map(({ target }) => `${file} → ${target}`);
  });
  assert.deepEqual(wrong, []);
});

/** Pure, small, and needed before anything leaves the process. */
const agentMayUse = new Set([
  'src/report/secrets.cts',
  'src/report/secret-signs.cts',
  'src/report/secret-names.cts',
  'src/report/secret-texts.cts',
  'src/report/secret-pairs.cts',
  'src/report/redact-plain.cts',
]);

test('3: the agent takes only types of ours and the redaction, and no package', () => {
  const wrong = inStage('agent').flatMap(({ file, imports, packages }) => [
    ...imports
      .filter(
        ({ target, typeOnly }) =>
          stageOf(target) !== 'agent' &&
          !typeOnly &&
          !target.endsWith('.node') &&
          !agentMayUse.has(target),
      )
      .map(({ target }) => `${file} → ${target}`),
    ...packages.filter((name) => !name.startsWith('node:')).map((name) => `${file} → ${name}`),
  ]);
  assert.deepEqual(wrong, []);
});

test('4: only cli/ prints, and only cli/main.ts exits', () => {
  const prints = /\bconsole\.|\bprocess\.std(out|err)\b/;
  const exits = /\bprocess\.(exit\(|abort|reallyExit)/;
  const setsStatus = /\bprocess\.exitCode\s*=(?!=)/;
  const wrong = sources.flatMap(({ file, text }) => {
    const code = text
      .replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
      .replace(/'(?:\\.|[^'\\\n])*'|`process\.exit\([^`]*`/g, "''");
    return [
      ...(stageOf(file) !== 'cli' && prints.test(code) ? [`${file} prints`] : []),
      ...(file !== 'src/cli/main.ts' && exits.test(code) ? [`${file} exits`] : []),
      ...(stageOf(file) !== 'cli' && setsStatus.test(code) ? [`${file} sets the exit status`] : []),
    ];
  });
  assert.deepEqual(wrong, []);
});

test('5: inside reader/, only memory/ touches the addon and the file system', () => {
  const wrong = inStage('reader')
    .filter(({ file }) => !file.startsWith('src/reader/memory/'))
    .flatMap(({ file, imports, packages }) => [
      ...imports
        .filter((one) => one.target === 'src/native.ts' && !one.typeOnly)
        .map(() => `${file} → addon`),
      ...packages.filter((name) => /^node:fs(\/|$)/.test(name)).map((name) => `${file} → ${name}`),
    ]);
  assert.deepEqual(wrong, []);
});

test('6: the addon uses Node-API only', () => {
  const wrong = listFiles('native', /\.(cc|h)$/).filter((file) =>
    /#include\s*[<"](v8|node)\.h[>"]/.test(fs.readFileSync(path.join(root, file), 'utf8')),
  );
  assert.deepEqual(wrong, []);
});

test('7: code that runs in a signal handler includes POSIX, <atomic>, <cstdint> and its own', () => {
  const allowed =
    /^#include\s+("[\w./]+"|<(atomic|cstdint|stdint|errno|fcntl|signal|time|unistd|poll|sys\/\w+|linux\/\w+)(\.h)?>)/;
  const wrong = listFiles('native/in_signal', /\.(cc|h)$/).flatMap((file) =>
    fs
      .readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('#include') && !allowed.test(line))
      .map((line) => `${file}: ${line}`),
  );
  assert.deepEqual(wrong, []);
});

test('9: what the browser shares with the terminal needs no Node.js', () => {
  const wrong = sources
    .filter(({ file }) => /^src\/view\/(model|app)\//.test(file))
    .flatMap(({ file, imports, packages }) => [
      ...packages.filter((name) => name.startsWith('node:')).map((name) => `${file} → ${name}`),
      ...imports
        .filter(
          ({ target, typeOnly }) => !typeOnly && !/^src\/(report|view\/(model|app))\//.test(target),
        )
        .map(({ target }) => `${file} → ${target}`),
    ]);
  assert.deepEqual(wrong, []);
});

test('8: no import cycle, no catch-all names, no barrels', () => {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (done.has(file) || trail.includes(file)) return;
    const next = byFile.get(file)?.imports.filter(({ typeOnly }) => !typeOnly) ?? [];
    for (const { target } of next) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const { file } of sources) visit(file, []);
  assert.deepEqual(cycles, []);

  const names = [...sources, ...testSources]
    .map(({ file }) => file)
    .concat(listFiles('native', /./));
  const catchAll = /(^|\/)(utils?|helpers?|common|misc)(\/|\.\w+$)/;
  assert.deepEqual(
    names.filter((file) => catchAll.test(file)),
    [],
  );
  assert.deepEqual(
    names.filter((file) => file.endsWith('/index.ts') && file !== 'src/index.ts'),
    [],
  );
});

test('every import of our own names a file that exists', () => {
  const wrong = sources.flatMap(({ file, imports }) =>
    imports
      .filter(({ target }) => !fs.existsSync(path.join(root, target)))
      .map(({ target }) => `${file} → ${target}`),
  );
  assert.deepEqual(wrong, []);
});

function lineCount(text: string): number {
  return text.trimEnd().split('\n').length;
}

function findLongFunctions({ file, tree }: SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const from = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
      const lines = tree.getLineAndCharacterOfPosition(node.getEnd()).line - from + 1;
      if (lines > maxFunctionLines)
        found.push(`${file}:${String(from + 1)} has ${String(lines)} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

test(`files have at most ${String(maxFileLines)} lines, functions ${String(maxFunctionLines)}`, () => {
  const native = listFiles('native', /\.(cc|h)$/).map((file) => ({
    file,
    text: fs.readFileSync(path.join(root, file), 'utf8'),
  }));
  const long = [...sources, ...native]
    .filter(({ file, text }) => !dataTables.has(file) && lineCount(text) > maxFileLines)
    .map(({ file, text }) => `${file} has ${String(lineCount(text))} lines`);
  const longFunctions = sources.flatMap(findLongFunctions);
  assert.deepEqual([...long, ...longFunctions], []);
});

test('no default exports; tests neither skip nor leave work for later', () => {
  const defaults = [...sources, ...testSources].filter(({ text }) =>
    /^export default\b/m.test(text),
  );
  assert.deepEqual(
    defaults.map(({ file }) => file),
    [],
  );
  const idle = testSources.filter(
    ({ file, text }) =>
      file.endsWith('.test.ts') && /\b(test|it|describe|suite)\.(skip|todo|only)\b/.test(text),
  );
  assert.deepEqual(
    idle.map(({ file }) => file),
    [],
  );
});

test('docs/errors.md has a heading for every error code, and none for others', () => {
  const text = fs.readFileSync(path.join(root, 'docs/errors.md'), 'utf8');
  const headings = [...text.matchAll(/^#+ `?(ERR_SLEEPER_\w+)`?/gm)].map(([, code]) => code);
  assert.deepEqual(headings.sort(), [...errorCodes].sort());
});

test('every format version is described, every past one has files, every field is documented', () => {
  const schema = fs.readFileSync(path.join(root, 'src/report/schema.ts'), 'utf8');
  const docs = fs.readFileSync(path.join(root, 'docs/report-format.md'), 'utf8');
  const current = Number(/formatVersion = (\d+)/.exec(schema)?.[1]);
  assert.ok(current >= 2);
  assert.ok(docs.includes(`Format version ${String(current)}.`), 'docs/report-format.md');
  for (let version = 1; version <= current; version++) {
    assert.ok(docs.includes(`\n- **${String(version)}**: `), `no entry for ${String(version)}`);
    if (version < current)
      assert.ok(listFiles(`test/formats/v${String(version)}`, /\.msgpack$/).length > 0);
  }
  const added = [...schema.matchAll(/Added in format (\d+)/g)].map(([, number]) => Number(number));
  assert.ok(added.every((number) => number <= current));
  const fields = [...schema.matchAll(/[\s{(]([a-z]\w*): v\./g)].map(([, name]) => name ?? '');
  assert.ok(fields.length > 100);
  const undocumented = fields.filter((name) => !new RegExp(`[\\x60.]${name}\\b`).test(docs));
  assert.deepEqual(undocumented, [], 'name these in docs/report-format.md');
});

test('no file knows the machine it was written on, lock files name no registry', () => {
  const texts = ['src', 'test', 'native', 'docs', 'bin', '.ci'].flatMap((folder) =>
    listFiles(folder, /\.(c?ts|m?js|cc|h|md|json|py)$|^run$/),
  );
  const knows = [...texts, 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'package.json'].filter(
    (file) => fs.readFileSync(path.join(root, file), 'utf8').includes(`${root}/`),
  );
  assert.deepEqual(knows, []);
  for (const lock of ['package-lock.json', 'test/matrix/package-lock.json']) {
    const text = fs.readFileSync(path.join(root, lock), 'utf8');
    assert.ok(!text.includes('"resolved":'), `${lock} names where packages were fetched from`);
  }
});
