/** Reading ourselves, by which a capture process gets its code compiled before it is wanted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readItself } from '#dist/reader/warm-up.js';

test('a process sees its own stack, as it would see that of another', () => {
  function nested(depth: number): number {
    return depth === 0 ? readItself() : nested(depth - 1);
  }
  const shallow = nested(0);
  assert.ok(shallow > 3, `${shallow} frames`);
  assert.equal(nested(7) - shallow, 7, 'a frame for each call');
});
