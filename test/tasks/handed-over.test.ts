/** A function without a name is not called what V8 infers of the arguments behind it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { isHandedOver } from '#dist/reader/names/handed-over.js';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/handed-over.cjs');
const expected: Readonly<Record<string, string>> = {
  '@constructed': '(anonymous)',
  '@called': '(anonymous)',
  '@assigned': 'exported.load',
};

for (const node of nodeNames)
  test(`names of functions that are handed over on Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const { tasks } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
    const markers = readMarkers(program);
    const told = Object.keys(expected).map((marker) => [
      marker,
      tasks.find(({ line }) => line === markers.get(marker)?.[0])?.function,
    ]);
    assert.deepEqual(Object.fromEntries(told), expected);
  });

/** The function begins at `§`. */
const texts: readonly (readonly [text: string, isHandedOver: boolean])[] = [
  ["new Worker('mails', async §(job) => {}, {})", true],
  ['app.get(§() => {}, {})', true],
  ["app.get('/(x', { a: [1] }, async function §() {}, {})", true],
  ['app.get?.(/* first */ §() => {}, {})', true],
  ['app.use([§() => {}, { a: 1 }])', true],
  ['exports.load = wrap(§() => {}, { retries: 2 })', true],
  ['exports.load = async §() => {}', false],
  ['exports.load = (function §() {})', false],
  ['exports.handlers = [§() => {}, {}]', false],
  ['exports.load = cached || §function () {}', false],
  ['app.get({ done: §() => {} }, {})', false],
  ['§(a) => {}', false],
  ["' §() => {}", false],
];

for (const [text, expectation] of texts)
  test(`handed over or not: ${text}`, () => {
    assert.equal(isHandedOver(text.replace('§', ''), text.indexOf('§')), expectation);
  });
