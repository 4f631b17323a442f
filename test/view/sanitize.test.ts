import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sanitize, sanitizeJson } from '#dist/report/sanitize.js';
import { hostileText } from './hostile.ts';

const harmful = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]|\p{M}{3}/u;

suite('sanitize', () => {
  test('what is harmless stays as it is', () => {
    for (const text of ['', 'plain', 'Änne Łukasz 😀 日本語 \u00a0', "{ a: 'b' }"]) {
      assert.equal(sanitize(text), text);
    }
  });

  test('every harmful character is escaped as in JavaScript source', () => {
    assert.equal(sanitize('\x1b[31m\n\r\t\x07\x9b'), '\\x1b[31m\\n\\r\\t\\x07\\x9b');
    assert.equal(sanitize('\u202e\u2066\u200b\u2028\ufeff'), '\\u202e\\u2066\\u200b\\u2028\\ufeff');
    assert.equal(sanitize('\ud800 \u{e0041}'), '\\ud800 \\u{e0041}');
    assert.doesNotMatch(sanitize(hostileText), harmful);
  });

  test('no code unit gets through unless it is harmless', () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      assert.doesNotMatch(sanitize(`a${String.fromCharCode(unit)}b`), harmful);
    }
  });

  test('combining marks do not pile up', () => {
    assert.equal(sanitize('e\u0301\u0302'), 'e\u0301\u0302');
    assert.equal(sanitize(`e${'\u0301'.repeat(4)}`), 'e\u0301\u0301\\u0301\\u0301');
  });

  test('length is bounded, also where escapes make the text longer', () => {
    assert.equal(sanitize('x'.repeat(100), 10), `${'x'.repeat(9)}…`);
    assert.ok(sanitize('\x00'.repeat(10_000_000), 50).length <= 50);
    assert.doesNotMatch(sanitize('😀'.repeat(20), 8), /\p{Cs}/u);
  });

  test('applying it twice is the same as once', () => {
    assert.equal(sanitize(sanitize(hostileText)), sanitize(hostileText));
  });
});

suite('sanitizeJson', () => {
  test('the value stays, the characters go', () => {
    const value = { [hostileText]: [hostileText, 1] };
    for (const json of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      const safe = sanitizeJson(json);
      assert.deepEqual(JSON.parse(safe), value);
      assert.doesNotMatch(safe.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u);
    }
  });
});
