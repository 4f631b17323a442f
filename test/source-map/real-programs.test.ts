/** Compiled programs, live and from cores: stacks, tasks and errors show what their authors wrote. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { makeDirectory, spawnProgram, patientDeath } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import {
  bundleProject,
  compileProject,
  makeProject,
  markedLine,
  ownFrames,
  written,
} from './compiled.ts';
import type { Project } from './compiled.ts';

const secret = 'S3cretOfThePast';

/** The report of a running program, and the archive it is in. */
async function dump(
  owner: Owner,
  pid: number,
  args: readonly string[] = [],
): Promise<{ report: Report; archive: string }> {
  const archive = makeDirectory(owner, 'archive');
  // Everything is to be read, however busy the machine is.
  const command = ['dump', String(pid), '--json', '--deadline', '60s', ...args];
  const { stdout, stderr } = await runSleeper(command, { archive, deadlineMs: 120_000 });
  assert.notEqual(stdout, '', stderr);
  return { report: JSON.parse(stdout) as Report, archive };
}

/** What the stack must say, wherever it was compiled to. */
function assertStack(report: Report, { directory, program }: Project): void {
  const [top, caller, outer] = ownFrames(report);
  const pricing = path.join(directory, 'src', 'pricing.ts');
  assert.equal(top?.original?.file, pricing);
  // The loop is two lines long.
  const stuck = markedLine('pricing.ts', 'stuck');
  assert.ok([stuck, stuck - 1].includes(top.original.line), String(top.original.line));
  assert.equal(top.original.function ?? top.function, 'addUp');
  const { orderLines = '', ...others } = written(top.arguments);
  assert.deepEqual(others, { discount: '6', currency: '"EUR"' });
  // On a busy machine there may be no time to open it.
  assert.match(orderLines, /^(\[\{sku: "desk", amount: 499\}\]|Array\(1\))$/);
  assert.deepEqual(Object.keys(written(top.locals)).sort(), ['password', 'stepCount']);
  const { line = '' } = top.original.source ?? {};
  assert.match(line, /while \(stepCount >= 0\)|stepCount = \(stepCount \+ orderLines\.length\)/);
  assert.equal(caller?.original?.function ?? caller?.function, 'PriceList.totalOf');
  assert.equal(written(caller?.locals ?? [])['discount'], '6');
  assert.equal(outer?.original?.file, path.join(directory, 'src', 'shop.ts'));
  assert.equal(outer.original.line, markedLine('shop.ts', 'calls'));
  // Both positions are kept.
  assert.match(top.file ?? '', new RegExp(`${path.dirname(program)}/(pricing|shop)\\.m?js$`));
  assert.notEqual(top.line, top.original.line);
  assert.match(report.verdict.summary, /in addUp at .*src\/pricing\.ts:\d+/);
  assert.match(report.signature, /addUp@pricing\.ts/);
}

function assertTasks(report: Report, { directory }: Project): void {
  const waiting = report.tasks.find(
    (task) => (task.original?.function ?? task.function) === 'awaitCustomer',
  );
  assert.equal(waiting?.original?.file, path.join(directory, 'src', 'pricing.ts'));
  assert.deepEqual(written(waiting.arguments), { customerName: '"corner"' });
  assert.equal(written(waiting.locals)['visitNumber'], '6');
  assert.match(waiting.original.source?.line ?? '', /await new Promise/);
  const [had] = waiting.holds ?? [];
  assert.equal(had?.original?.call ?? had?.call, 'till.acquire');
  assert.equal(had?.original?.line, markedLine('pricing.ts', 'acquires'));
  const opens = report.tasks.find(({ awaits }) => awaits === waiting.id);
  assert.equal(opens?.original?.function ?? opens?.function, 'openShop');
  assert.equal(opens?.original?.line, markedLine('shop.ts', 'opens'));
}

/** In none of the faces, nor in the report: a local of that name, and the line that sets it. */
function assertNoSecret(report: Report): void {
  assert.ok(!JSON.stringify(report).includes(secret));
  // What ran has it under another name where it was minified, in one long line.
  for (const { original, source } of [...ownFrames(report), ...report.tasks])
    assert.ok(original === undefined || source?.length === undefined);
}

suite('compiled by tsc, the map beside', () => {
  test('stack, task, looks, hash; both places in every face', async (t) => {
    const project = compileProject(makeProject(t));
    const target = await spawnProgram(t, project.program);
    const { report, archive } = await dump(t, target.pid);
    assertStack(report, project);
    assertTasks(report, project);
    assertNoSecret(report);
    const looked = (report.samples ?? []).flatMap(({ threads }) =>
      threads.flatMap(({ frames }) => frames),
    );
    assert.ok(looked.some(({ original }) => original?.file.endsWith('src/pricing.ts') === true));
    const script = report.scripts?.find(({ file }) => file.endsWith('dist/pricing.js'));
    const { from, sha256 = '' } = script?.sourceMap ?? {};
    assert.deepEqual([from, script?.sourceMapUrl], ['beside', 'pricing.js.map']);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    const both = /addUp\([^←]*src\/pricing\.ts:\d+:\d+ ← [^ ]*dist\/pricing\.js:\d+:\d+/;
    for (const form of [[], ['--format', 'md']]) {
      const { stdout } = await runSleeper(['view', 'last', ...form], { archive });
      assert.match(stdout.replaceAll(/\s+/g, ' '), both);
      assert.match(stdout, /> .*(while \(stepCount|stepCount = )/);
    }
    const { stdout: page } = await runSleeper(['view', 'last', '--html', '-'], { archive });
    assert.ok(page.includes('src/pricing.ts'));
    const { stdout: profile } = await runSleeper(['view', 'last', '--format', 'collapsed'], {
      archive,
    });
    assert.match(profile, /addUp \(.*src\/pricing\.ts:\d+\)/);
  });

  test('a map of another build is refused, and says so', async (t) => {
    const directory = makeProject(t);
    const project = compileProject(directory);
    const target = await spawnProgram(t, project.program);
    // Built anew while the program runs: with another function above.
    fs.rmSync(path.join(directory, 'dist'), { recursive: true });
    const pricing = path.join(directory, 'src', 'pricing.ts');
    const inserted = Array.from({ length: 40 }, (_, n) => `export const more${n} = ${n};`).join(
      '\n',
    );
    fs.writeFileSync(pricing, `${inserted}\n${fs.readFileSync(pricing, 'utf8')}`);
    compileProject(directory);
    const { report } = await dump(t, target.pid);
    const [top] = ownFrames(report);
    assert.equal(top?.function, 'addUp');
    assert.equal(top.original, undefined);
    const script = report.scripts?.find(({ file }) => file.endsWith('pricing.js'));
    assert.match(script?.problem ?? '', /is of another build/);
    assert.ok(
      report.missing.some(
        ({ what, reason }) =>
          /before compilation of .*pricing/.test(what) && /another build/.test(reason),
      ),
    );
    // The other file was built as before: its own frames do not suffer.
    const outer = ownFrames(report).find(({ file }) => file?.endsWith('shop.js'));
    assert.equal(outer?.original?.line, markedLine('shop.ts', 'calls'));
  });

  test('an error that nobody catches: the stack at the throw, and the text of its stack', async (t) => {
    const directory = makeProject(t, (text) =>
      text.replace(
        /while \(stepCount >= 0\) \{[^}]*\}/,
        'throw new RangeError(`no price for ${discount}`);',
      ),
    );
    const project = compileProject(directory);
    const archive = makeDirectory(t, 'archive');
    const target = await spawnProgram(t, project.program, {
      agent: true,
      env: { SLEEPER_ARCHIVE: archive, ...patientDeath },
    });
    await target.exited;
    const report = await waitFor('there is a report', async () => {
      const { status, stdout } = await runSleeper(['view', 'last', '--json'], { archive });
      return status === 0 && (JSON.parse(stdout) as Report);
    });
    const [top] = ownFrames(report);
    assert.equal(top?.original?.function ?? top?.function, 'addUp');
    assert.match(top?.original?.file ?? '', /src\/pricing\.ts$/);
    assert.equal(written(top?.arguments ?? [])['discount'], '6');
    // A dying process waits for a few seconds only: on a busy machine its maps are read when the report is viewed.
    assert.match(report.verdict.summary, /(src\/pricing\.ts|dist\/pricing\.js):\d+/);
    assert.match(report.error?.originals?.[0]?.file ?? '', /src\/pricing\.ts$/);
    const text = (await runSleeper(['view', 'last', '--section', 'error'], { archive })).stdout;
    assert.match(
      text.replaceAll(/\s+/g, ' '),
      /at addUp [^ ]*src\/pricing\.ts:\d+:\d+ ← [^ ]*dist\/pricing\.js:\d+:\d+/,
    );
    assertNoSecret(report);
  });
});

suite('bundled and minified by esbuild', () => {
  test('names of functions, classes and variables as they were; a secret by its old name', async (t) => {
    const project = bundleProject(makeProject(t), 'linked');
    const target = await spawnProgram(t, project.program);
    const { report } = await dump(t, target.pid);
    assertStack(report, project);
    assertTasks(report, project);
    const [top] = ownFrames(report);
    assert.equal(top?.function.length, 1, 'the program is minified');
    assert.ok(
      top.locals.some(
        ({ original, value }) => original === 'password' && value.reason === 'redacted',
      ),
    );
    assertNoSecret(report);
  });

  test('an inline map, from a core, when all files are gone', async (t) => {
    const project = bundleProject(makeProject(t), 'inline');
    const target = await spawnProgram(t, project.program);
    fs.rmSync(path.dirname(project.program), { recursive: true });
    fs.rmSync(path.join(project.directory, 'src'), { recursive: true });
    const core = path.join(makeDirectory(t, 'core'), 'core');
    execFileSync('gcore', ['-o', core, String(target.pid)], { stdio: 'pipe' });
    await target.kill();
    const { stdout } = await runSleeper(
      ['core', `${core}.${target.pid}`, '--json', '--no-archive'],
      {
        archive: makeDirectory(t, 'archive'),
        deadlineMs: 120_000,
      },
    );
    const report = JSON.parse(stdout) as Report;
    assertStack(report, project);
    assertTasks(report, project);
    assert.equal(report.scripts?.[0]?.sourceMapUrl, 'data:');
    assert.equal(report.scripts[0].sourceMap?.from, 'inline');
    assertNoSecret(report);
  });

  test('--source-map-dir: at view, at capture, for a page and a diff; another build is refused', async (t) => {
    const project = bundleProject(makeProject(t), 'external');
    const target = await spawnProgram(t, project.program);
    const maps = makeDirectory(t, 'maps');
    fs.renameSync(`${project.program}.map`, path.join(maps, 'shop.mjs.map'));
    const { report, archive } = await dump(t, target.pid);
    assert.equal(ownFrames(report)[0]?.original, undefined);
    const view = async (...args: string[]): Promise<string> =>
      (await runSleeper(['view', 'last', ...args], { archive })).stdout;
    const named = JSON.parse(await view('--json', '--source-map-dir', maps)) as Report;
    assert.equal(ownFrames(named)[0]?.original?.function, 'addUp');
    assert.equal(named.scripts?.[0]?.sourceMap?.from, 'directory');
    // A variable's minified name told nobody that its value is a secret; source that is read now is redacted now.
    assert.ok(!JSON.stringify(ownFrames(named).map(({ original }) => original)).includes(secret));
    const text = (await view('--source-map-dir', maps)).replaceAll(/\s+/g, ' ');
    assert.match(text, /written addUp at .*src\/pricing\.ts:\d+/);
    assert.match(text, /← .*dist\/shop\.mjs:1:\d+/);
    assert.doesNotMatch(await view(), /pricing\.ts/);
    const diff = await runSleeper(['diff', 'last', 'last', '--source-map-dir', maps], { archive });
    assert.match(
      diff.stdout.replaceAll(/\s+/g, ' '),
      /addUp stands at the same line, .*src\/pricing\.ts/,
    );
    const late = await dump(t, target.pid, ['--source-map-dir', maps]);
    assertStack(late.report, { ...project });
    // The same names, another build beside its own map.
    const other = bundleProject(
      makeProject(t, (all) => `console.log('first');\n${all}`),
      'external',
    );
    const refused = JSON.parse(
      await view('--json', '--source-map-dir', path.dirname(other.program)),
    ) as Report;
    assert.equal(ownFrames(refused)[0]?.original, undefined);
    assert.match(refused.scripts?.[0]?.problem ?? '', /is of another build/);
    const absent = await runSleeper(['view', 'last', '--source-map-dir', '/nowhere/at/all'], {
      archive,
    });
    assert.equal(absent.status, 2);
    assert.match(absent.stderr, /no such directory/);
  });

  test('--source-map-dir: a core, and the tasks of a living process', async (t) => {
    const project = bundleProject(makeProject(t), 'external');
    const target = await spawnProgram(t, project.program);
    const maps = makeDirectory(t, 'maps');
    fs.renameSync(`${project.program}.map`, path.join(maps, 'shop.mjs.map'));
    const archive = makeDirectory(t, 'archive');
    const run = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await runSleeper([...args, '--source-map-dir', maps], {
        archive,
        deadlineMs: 120_000,
      });
      assert.notEqual(stdout, '', stderr);
      return stdout;
    };
    const tasks = await run('tasks', String(target.pid), '--deadline', '60s');
    assert.match(tasks.replaceAll(/\s+/g, ' '), /awaitCustomer\(customerName="corner"\)/);
    assert.match(tasks, /src\/pricing\.ts:\d+/);
    const core = path.join(makeDirectory(t, 'core'), 'core');
    execFileSync('gcore', ['-o', core, String(target.pid)], { stdio: 'pipe' });
    const ofCore = await run('core', `${core}.${target.pid}`, '--json', '--no-archive');
    const report = JSON.parse(ofCore) as Report;
    assertStack(report, project);
    assertTasks(report, project);
    assertNoSecret(report);
  });

  test('a map that was away at the capture is found beside the file at view, while that is the one that ran', async (t) => {
    const project = bundleProject(makeProject(t), 'linked');
    const [map, away] = [`${project.program}.map`, path.join(project.directory, 'away.map')];
    fs.renameSync(map, away);
    const target = await spawnProgram(t, project.program);
    const { report, archive } = await dump(t, target.pid);
    assert.equal(ownFrames(report)[0]?.original, undefined);
    const view = async (): Promise<Report> => {
      const { stdout } = await runSleeper(['view', 'last', '--json'], { archive });
      return JSON.parse(stdout) as Report;
    };
    assert.equal(ownFrames(await view())[0]?.original, undefined);
    fs.renameSync(away, map);
    const found = await view();
    assert.equal(ownFrames(found)[0]?.original?.function, 'addUp');
    assert.equal(found.scripts?.[0]?.sourceMap?.from, 'beside');
    fs.appendFileSync(project.program, '\n// deployed again\n');
    assert.equal(ownFrames(await view())[0]?.original, undefined);
  });
});

test('a program in a mount namespace of its own: its files, not ours', async (t) => {
  const project = bundleProject(makeProject(t), 'linked');
  const inside = makeDirectory(t, 'inside');
  const isRoot = process.getuid?.() === 0;
  const script = `mount --bind '${project.directory}' '${inside}' && exec "$@"`;
  const target = await spawnProgram(t, path.join(inside, 'dist', 'shop.mjs'), {
    within: ['unshare', isRoot ? '--mount' : '-rm', 'sh', '-c', script, 'sh'],
  });
  // On this side of the mount the same name leads to a map that lies.
  fs.mkdirSync(path.join(inside, 'dist'));
  fs.writeFileSync(
    path.join(inside, 'dist', 'shop.mjs.map'),
    '{"version":3,"sources":["lie.ts"],"mappings":"AAAA"}',
  );
  const { report } = await dump(t, target.pid);
  const [top] = ownFrames(report);
  assert.equal(top?.original?.file, path.join(inside, 'src', 'pricing.ts'));
  assert.equal(top.original.function, 'addUp');
});
