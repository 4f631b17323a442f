/** One stack through every way in which JavaScript calls JavaScript: names as the program has them, places as V8 tells them. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Frame } from '#dist/report/schema.js';
import { nodeNames } from '../harness/node-versions.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { mainThread, program, read } from './reading.ts';

interface Told {
  /** Of the frames between two calls of next(), innermost first; builtins with a colon before. */
  readonly names: readonly (readonly string[])[];
  /** Lines of error.stack. */
  readonly told: readonly string[];
}

function isOwn(frame: Frame): boolean {
  return frame.file?.startsWith('node:') !== true;
}

/** `file:line:column` of the innermost parenthesis; code of eval has no file of its own. */
function placeTold(line: string): string {
  const place = /(?:\(|at (?:async )?|, )((?:<anonymous>|[^ (),]+|data:.*):\d+:\d+)\)?$/.exec(
    line,
  )?.[1];
  return (place ?? '').replace('<anonymous>', '');
}

function placeOf({ file: name = '', line = 0, column = 0 }: Frame): string {
  return `${name}:${line}:${column}`;
}

for (const node of nodeNames)
  suite(`calls on Node.js ${node}`, () => {
    test('every construct by name and place', async (t) => {
      const target = await spawnProgram(t, program('constructs.mjs'), { node });
      const [line] = await target.expect(/^\{.*\}$/);
      const { names, told } = JSON.parse(line) as Told;
      const thread = mainThread(await read(target.pid), target.pid);
      const shown = thread.frames.filter(({ kind }) => kind === 'js' || kind === 'builtin');
      const own = shown.filter(isOwn);
      const called = own
        .map((frame) => `${frame.kind === 'builtin' ? ':' : ''}${frame.function}`)
        .filter((name) => name !== 'next');
      assert.deepEqual(called.slice(0, 1), ['stop']);
      assert.deepEqual(called.slice(1, names.flat().length + 1), names.flat());
      assert.ok(names.length > 50, 'all of them');

      const places = own.filter(({ kind }) => kind === 'js').map(placeOf);
      const expected = told
        .filter((one) => !/node:internal|<anonymous>\)|\(node:/.test(one))
        .map(placeTold);
      // The innermost one told us of itself, some lines before it stopped.
      assert.deepEqual(places.slice(1), expected.slice(1));
      assert.ok(places.length > 180 && places.at(-1)?.startsWith('data:text/javascript'));

      const natives = new Set(
        thread.frames.filter(({ kind }) => kind === 'native').map((frame) => frame.function),
      );
      for (const name of [
        'stringify',
        'parse',
        'ownKeys',
        'defineProperty',
        'runInContext',
        'wait',
      ])
        assert.ok(natives.has(name), `${name} is among the native calls: ${[...natives].join()}`);
      assert.equal(thread.note, undefined);
    });
  });
