/** What is written to wait for ever is told from what has been lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEndless, isParked } from '#dist/diagnose/parked.js';

const main = { id: 1, function: 'main', locals: [], arguments: [], awaitedBy: [] };

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
    const source = { line, before: [], after };
    const column = line.indexOf('await') + 1;
    assert.equal(isEndless({ ...main, column, source }), isMeant);
  });

test('what stands there with a request, or more than once, is not meant to', () => {
  const source = { line: 'await new Promise(() => {});', before: [], after: [] };
  const parked = { ...main, file: '/srv/shop/main.js', line: 7, column: 1, source };
  const value = { type: 'object', className: 'IncomingMessage', preview: '{GET /}' };
  const handler = { ...main, id: 2, arguments: [{ name: 'request', value }] };
  assert.equal(isParked(parked, [main], [parked, main]), true);
  assert.equal(isParked(parked, [handler], [parked, handler]), false);
  assert.equal(isParked(parked, [], [parked, { ...parked, id: 3 }]), false);
  assert.equal(isParked({ ...parked, count: 9 }, [], [parked]), false);
});
