/** What is written to wait for ever is told from what has been lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isParked } from '#dist/diagnose/parked.js';

const cases: readonly (readonly [text: string, isMeant: boolean])[] = [
  ['await new Promise(() => {});', true],
  ['server.listen(port); await new Promise<never>(() => {}); // until SIGTERM', true],
  ['  await new Promise(function () {})', true],
  ['  await new Promise((_resolve) => { /* never */ });', true],
  ['  await new Promise(() => {\n    // Until SIGTERM.\n  });', true],
  ['  await new Promise(() => undefined);', true],
  ['  await new Promise((resolve) => waiting.push(resolve));', false],
  ['  await new Promise((resolve) => {\n    socket.once("data", resolve);\n  });', false],
  ['  await Promise.race([new Promise(() => {}), work]);', false],
  ['  const answer = await ask(() => {});', false],
];

for (const [text, isMeant] of cases)
  test(`a wait that is ${isMeant ? '' : 'not '}meant to last: ${JSON.stringify(text)}`, () => {
    const [line = '', ...after] = text.split('\n');
    const task = { id: 1, function: 'main', locals: [], arguments: [], awaitedBy: [] };
    const source = { line, before: [], after };
    const column = line.indexOf('await') + 1;
    assert.equal(isParked({ ...task, column, source }), isMeant);
  });
