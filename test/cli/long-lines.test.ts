/** Programs whose code is one long line, as a bundle's is: what a report shows of it is where they stand. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Excerpt, Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { nodeNames } from '../harness/node-versions.ts';
import { assertStrictReport } from '../harness/schema-strict.ts';
import { type Owner, type Target, makeDirectory, spawnProgram } from '../harness/spawn-target.ts';

const secret = 'S3cretOfTheBundle';

/** Functions that nobody calls. */
function filler(from: number): string {
  return Array.from(
    { length: 300 },
    (_, n) =>
      `function f${from + n}(e,t){let n=e+t;for(let r=0;r<3;r++)n+=r*${n};return n>${n}?n:-n}`,
  ).join('');
}

const code = [
  `class P{constructor(e){this.items=e}priceOf(e){let t=0;const n={host:"db.local",password:"${secret}",port:5432};`,
  'for(let r=0;;r++){t=(t+r*e.qty)%9973;if(t===-1)break;globalThis.last=n.port}return t}}',
  'async function hold(e,t){const n=await new Promise(r=>{globalThis["keep"+t]=r});return n+e+t}',
  'async function order(e){let t=await hold(e.id,"x");return t}globalThis.order=order({id:"A-17"});',
].join('');
const spin =
  'setTimeout(()=>{const e=new P([1]);require("fs").writeSync(3,"+");e.priceOf({qty:2,name:"desk"})},50);';
const wait = 'setInterval(()=>{},1e6);setTimeout(()=>require("fs").writeSync(3,"+"),50);';
const license = '/*! (c) a bundle */';

interface Bundle {
  readonly target: Target;
  readonly line: string;
  readonly file: string;
}

async function spawnBundle(t: Owner, start: string, options: object): Promise<Bundle> {
  const file = path.join(makeDirectory(t, 'bundle'), 'bundle.cjs');
  const line = `${filler(0)}${code}${start}${filler(300)}`;
  assert.ok(line.length > 20_000);
  fs.writeFileSync(file, `${license}\n${line}\n`);
  return { file, line, target: await spawnProgram(t, file, options) };
}

async function dump(t: Owner, pid: number): Promise<{ report: Report; archive: string }> {
  const archive = makeDirectory(t, 'archive');
  const args = ['dump', String(pid), '--json', '--deadline', '60s'];
  const { stdout, stderr } = await runSleeper(args, { archive, deadlineMs: 120_000 });
  assert.notEqual(stdout, '', stderr);
  assert.ok(!stdout.includes(secret));
  return { report: assertStrictReport(JSON.parse(stdout)), archive };
}

/** The excerpt is the part of the line around the column, and says where the column is in it. */
function assertAround(source: Excerpt | undefined, column: number | undefined, line: string): void {
  assert.ok(source !== undefined && column !== undefined);
  assert.equal(source.length, line.length);
  assert.deepEqual(source.before, [license]);
  assert.match(source.line, /^….*…$/);
  assert.ok(source.line.length <= 240, `${source.line.length} characters`);
  const at = (source.column ?? 0) - 1;
  const behind = source.line.slice(at, -1);
  assert.ok(behind.length > 40 && at > 40, source.line);
  assert.ok(line.startsWith(behind, column - 1), `${behind} is at column ${column}`);
}

/** A line with the caret below it. */
function markedAt(text: string): string[] {
  const rows = text.split('\n');
  return rows.flatMap((row, index) => {
    const caret = /^ *\| +\^$/.exec(rows[index + 1] ?? '')?.[0].indexOf('^');
    return caret === undefined || !/^ *> \d+ \| /.test(row) ? [] : [row.slice(caret)];
  });
}

for (const node of nodeNames)
  test(`a loop in the middle of a line of 45 KB, on Node.js ${node}`, async (t) => {
    const { target, line } = await spawnBundle(t, spin, { node });
    const { report, archive } = await dump(t, target.pid);
    assert.equal(report.verdict.kind, 'js-busy');
    const frames = report.threads[0]?.frames.filter(({ file = '' }) => file.endsWith('.cjs')) ?? [];
    const spinning = frames.find((frame) => frame.function === 'P.priceOf');
    const caller = frames.at(-1);
    for (const frame of [spinning, caller]) assertAround(frame?.source, frame?.column, line);
    // Where it is told without the excerpt, too.
    const place = /bundle\.cjs:2:(\d+)/;
    assert.match(report.verdict.summary, place);
    const columns = report.verdict.evidence.flatMap(({ text }) => place.exec(text)?.[1] ?? []);
    assert.ok(columns.includes(String(caller?.column)), JSON.stringify(report.verdict));

    const shown = await runSleeper(['view', 'last', '--no-pager'], { archive });
    const [behind = ''] = markedAt(shown.stdout);
    const top = frames[0];
    assert.ok(behind.length > 5, shown.stdout);
    assert.ok(line.startsWith(behind.replace(/…$/, ''), (top?.column ?? 0) - 1), behind);
    const issue = await runSleeper(['view', 'last', '--format', 'md'], { archive });
    assert.match(issue.stdout, /> ….*r\*e\.qty/);
  });

test('suspended functions in such a line', async (t) => {
  const { target, line } = await spawnBundle(t, wait, { node: nodeNames[0] });
  const { report, archive } = await dump(t, target.pid);
  assert.deepEqual(report.tasks.map((one) => one.function).sort(), ['hold', 'order']);
  for (const { source, column = 0 } of report.tasks) {
    assertAround(source, column, line);
    assert.match(source?.line.slice((source.column ?? 0) - 1) ?? '', /^await /);
  }
  const { stdout } = await runSleeper(['tasks', String(target.pid)], { archive });
  for (const [name, waits] of Object.entries({ hold: 'await new Pro', order: 'await hold(e.id' }))
    assert.match(
      stdout,
      new RegExp(
        `async ${name}\\([^]*?bundle\\.cjs:2:\\d+\\n +> 2 \\| ….*${waits.replace('(', '\\(')}`,
      ),
    );
});
