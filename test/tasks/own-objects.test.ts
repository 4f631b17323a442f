/** What is waited for is named by the objects of the program's own that have to do with it: command, query, pool, connection. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/own-objects.cjs');
const kept = (where: string): string => `a promise whose resolve function is kept in ${where}`;
const settledBy = (name: string): string => `a promise that ${name} of ${program} may settle`;
const atDatabase = 'Pool {host: "db.internal", port: 5432}';

/** By marker. */
const expected: Readonly<Record<string, string>> = {
  '@command': `${settledBy('its functions')}, for Command {name: "get"}`,
  '@query': `${settledBy('done')}, for Query {sql: "SELECT * FROM orders WHERE id = ?"}`,
  // A secret that was cut short would not be known for one.
  '@long-query': `${settledBy('done')}, for Query {sql: "SELECT * FROM users WHERE password = "…}`,
  '@pool': kept(`an object, as resolve (${atDatabase}.#waiting[])`),
  '@named': kept(`an object, as resolve (${atDatabase}.#byName[])`),
  '@event': 'the event "message" of Client {url: "ws://prices.internal:7384/quotes"}',
  '@remote': `${settledBy('onReady')}, for ${atDatabase}`,
  '@proxied': `${settledBy('onReady')}, for ${atDatabase}`,
  '@nobody': settledBy('a function').replace(program, `${program}:95`),
  '@table': kept('an object, as answer (pending.byId[])'),
};

for (const node of nodeNames)
  test(`what own objects are waited for on Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const { tasks } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
    const markers = readMarkers(program);
    const told = Object.keys(expected).map((marker) => {
      const task = tasks.find(({ line }) => line === markers.get(marker)?.[0]);
      // How V8 calls functions that are assigned to properties is not the same in all versions.
      const words = `${task?.awaits}`.replace(
        /that .* of \S* (?=.*, for Command)/,
        `that its functions of ${program} `,
      );
      return [marker, words];
    });
    assert.deepEqual(Object.fromEntries(told), expected);
  });
