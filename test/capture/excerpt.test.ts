/** Source text of a report: of a line that is too long the part around the place, and no secret in it whose name was cut away. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { excerptOf, lineWords, maxLineChars } from '#dist/report/excerpt.js';
import { redactSource } from '#dist/report/redact-source.js';
import { redactTasks } from '#dist/report/redact.js';
import type { Excerpt, Task } from '#dist/report/schema.js';
import { RedactionTally } from '#dist/report/secrets.cjs';

/** What a report has of a place in a text of several lines. */
function shown(text: string, line: number, column?: number, tally = new RedactionTally()): Excerpt {
  const lines = text.split('\n');
  const read = excerptOf((number) => lines[number - 1], line, column);
  assert.ok(read !== null, `there is a line ${line}`);
  return redactSource(read, column, tally);
}

/** What stands at the place. */
function atPlace({ line, column = 0 }: Excerpt, length = 4): string {
  return line.slice(column - 1, column - 1 + length);
}

const filler = 'function f(e,t){return e*t+1}'.repeat(1_000);
const bundle = `${filler}HERE(e,t);${filler}`;

suite('what of a line is kept', () => {
  test('a short line stays as it is, whatever the column', () => {
    const line = `  const a = b(${'c'.repeat(maxLineChars - 16)});`;
    for (const column of [undefined, 1, 7, line.length + 1, 5_000, 0, -3, NaN]) {
      const { length } = line;
      assert.equal(length, maxLineChars);
      assert.deepEqual(shown(line, 1, column), { line, before: [], after: [] });
    }
  });

  test('of a long one the part around the column, with marks where it was cut', () => {
    const part = shown(bundle, 1, bundle.indexOf('HERE') + 1);
    assert.match(part.line, /^….*HERE\(e,t\).*…$/);
    assert.equal(part.line.length, maxLineChars);
    assert.equal(part.length, bundle.length);
    assert.equal(atPlace(part), 'HERE');
  });

  test('at its ends nothing is wasted, and only the other end is marked', () => {
    const first = shown(bundle, 1, 1);
    assert.equal(first.column, 1);
    assert.match(first.line, /^function.*[^…]…$/);
    const last = shown(bundle, 1, bundle.length);
    assert.equal(atPlace(last, 1), '}');
    assert.match(last.line, /^…[^…].*}$/);
    assert.ok(first.line.length >= maxLineChars - 1 && last.line.length >= maxLineChars - 1);
    const behind = shown(bundle, 1, bundle.length + 1);
    assert.equal(behind.column, behind.line.length + 1);
  });

  test('every place of a line is found again', () => {
    const line = Array.from({ length: 300 }, (_, n) => `<${String(n).padStart(4, '0')}>`).join('');
    for (let column = 1; column <= line.length; column++) {
      const part = shown(line, 1, column);
      assert.equal(atPlace(part), line.slice(column - 1, column + 3).slice(0, 4), String(column));
      assert.ok(part.line.length <= maxLineChars);
    }
  });

  test('a column that the line does not have: its beginning', () => {
    for (const column of [undefined, 0, -1, NaN, 1e9]) {
      const { line, column: place, length } = shown(bundle, 1, column);
      assert.equal(line, `${bundle.slice(0, maxLineChars - 2)}…`);
      assert.deepEqual({ place, length }, { place: undefined, length: bundle.length });
    }
  });

  test('the lines before and after are those beside it, cut at their ends', () => {
    const part = shown(`a\nb\n${filler}\n${bundle}\nc`, 4, bundle.indexOf('HERE') + 1);
    assert.deepEqual(part.before, ['b', filler.slice(0, maxLineChars)]);
    assert.deepEqual(part.after, ['c']);
    assert.equal(
      excerptOf((number) => (number === 1 ? 'a' : undefined), 2, 1),
      null,
    );
  });

  test('no character is torn', () => {
    for (let shift = 0; shift < 6; shift++) {
      const line = `${'x'.repeat(shift)}${'😀'.repeat(500)}HERE${'😀'.repeat(500)}`;
      const part = shown(line, 1, line.indexOf('HERE') + 1);
      assert.ok(part.line.isWellFormed());
      assert.equal(atPlace(part), 'HERE');
    }
  });

  test('once more changes nothing: what is handed on is redacted again', () => {
    for (const secret of ['s3cret', 'k'.repeat(900)]) {
      const line = `${filler}a={password:"${secret}",b:HERE()};${filler}`;
      const column = line.indexOf('HERE') + 1;
      const once = shown(line, 1, column);
      assert.equal(atPlace(once), 'HERE');
      assert.deepEqual(redactSource(once, column, new RedactionTally()), once);
    }
  });
});

/** Something that a secret stands in. */
const planted: readonly ((secret: string) => string)[] = [
  (secret) => `{user:"bob",password:"${secret}"}`,
  (secret) => `{"apiKey":'${secret}'}`,
  (secret) => 'const dbPassword=`' + secret + '`;',
  (secret) => `fetch("postgres://shop:${secret}@db/x")`,
  (secret) => `[["x-api-key","${secret}"],["a","b"]]`,
  (secret) => `JSON.parse('{\\"token\\":\\"${secret}\\"}')`,
  (secret) => `run("mysqldump --password ${secret} shop")`,
  (secret) => `h={"Authorization":"Bearer ${secret}"}`,
];

suite('secrets in a long line', () => {
  const secrets = [
    'Hunter2Hunter2',
    `S3cret${'x9Y-'.repeat(60)}`,
    `S3cret${'0aB9_'.repeat(1_000)}`,
  ];
  for (const [index, plant] of planted.entries())
    test(`wherever the cut is: ${plant('…')}`, () => {
      for (const secret of secrets) {
        // A URL's password is known up to 256 characters only.
        if (index === 3 && secret.length > 256) continue;
        const code = plant(secret);
        const line = `${filler}${code};HERE(e);${filler}`;
        const start = line.indexOf(code);
        const step = secret.length > 1_000 ? 97 : 5;
        for (let column = start - 300; column < start + code.length + 300; column += step) {
          const part = shown(line, 1, column);
          for (let at = 0; at + 8 <= secret.length; at += 4)
            assert.ok(
              !part.line.includes(secret.slice(at, at + 8)),
              `${column - start} of ${code.length}: ${part.line}`,
            );
        }
      }
    });

  test('a key in a string of one line, far behind its first words', () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\\n${'MIIEpAIB'.repeat(400)}`;
    const line = `${filler}const pem="${key}";HERE(e);${filler}`;
    for (let column = line.indexOf(key); column < line.indexOf('HERE') + 300; column += 31)
      assert.doesNotMatch(shown(line, 1, column).line, /MIIEp|EpAIB/);
  });

  test('the place is found behind what was taken out, long or short', () => {
    for (const count of [1, 5, 60])
      for (const secret of ['abc', 'S3cret'.repeat(5), 'x'.repeat(700)]) {
        const secretsBefore = `a({password:"${secret}"});`.repeat(count);
        for (const line of [
          `${filler}${secretsBefore}HERE(e);${filler}`,
          `${secretsBefore}HERE();`,
        ]) {
          const part = shown(line, 1, line.indexOf('HERE') + 1);
          assert.equal(atPlace(part), 'HERE', `${count} of ${secret.length}: ${part.line}`);
          assert.ok(line.length <= maxLineChars || part.line.length <= maxLineChars);
          assert.doesNotMatch(part.line, /"(abc|S3|x{4})/);
        }
      }
  });

  test('a secret is counted once, and what the user allows stays', () => {
    const line = `${filler}{password:"hunter2"},HERE(e);${filler}`;
    const tally = new RedactionTally();
    shown(line, 1, line.indexOf('HERE') + 1, tally);
    assert.deepEqual(tally.result(), { count: 1, keys: ['password'] });
    const allowed = new RedactionTally({ remove: ['password'] });
    assert.match(shown(line, 1, line.indexOf('HERE') + 1, allowed).line, /hunter2/);
    const own = new RedactionTally({ add: ['qty', /desk-\d+/] });
    const mine = `${filler}{qty:"many",id:"desk-17"},HERE(e);${filler}`;
    const part = shown(mine, 1, mine.indexOf('HERE') + 1, own);
    assert.match(part.line, /qty:"\[redacted\]",id:"\[redacted\]"},HERE/);
    assert.equal(atPlace(part), 'HERE');
  });

  test('a key over several lines, one of them long', () => {
    const text = `const password = \`\nS3cret-one\n${'S3cret-two '.repeat(60)}\`; HERE();\nx();`;
    const part = shown(text, 3, text.split('\n')[2]?.indexOf('HERE') ?? 0);
    assert.doesNotMatch(JSON.stringify(part), /S3cret/);
  });

  test('in tasks and places before compilation, too', () => {
    const line = `${filler}{password:"hunter2"},HERE(e);${filler}`;
    const column = line.indexOf('HERE') + 1;
    const source = excerptOf(() => line, 1, column);
    assert.ok(source !== null);
    const original = { file: 'a.ts', line: 1, column, source };
    const task: Task = {
      ...{ id: 1, function: 'f', file: 'a.js', line: 1, column, source, original },
      ...{ arguments: [], locals: [], awaitedBy: [] },
    };
    const [redacted] = redactTasks([task]);
    for (const one of [redacted?.source, redacted?.original?.source]) {
      assert.ok(one !== undefined);
      assert.match(one.line, /password:"\[redacted\]"},HERE/);
      assert.equal(atPlace(one), 'HERE');
    }
  });
});

test('the column is told where the line says nothing', () => {
  const source = { line: 'a', before: [], after: [] };
  assert.equal(lineWords({}), '');
  assert.equal(lineWords({ line: 3, column: 7, source }), ':3');
  assert.equal(lineWords({ line: 3, source: { ...source, length: 900 } }), ':3');
  assert.equal(lineWords({ line: 3, column: 7, source: { ...source, length: 900 } }), ':3:7');
  assert.equal(lineWords({ line: 1, column: 81_234 }), ':1:81234');
});
