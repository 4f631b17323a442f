/** Secrets whose names stand beside them: in JSON within texts, in lists of names and values, in URLs; and what only looks like it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactJson } from '#dist/report/redact-plain.cjs';
import { redactVariables } from '#dist/report/redact-values.js';
import type { Value } from '#dist/report/schema.js';
import { RedactionTally, redactText } from '#dist/report/secrets.cjs';

const json = (value: unknown): string => JSON.stringify(value);
const body = json({ user: 'bob', password: 's1same', n: 1 });
const rawHeaders = ['Host', '127.0.0.1:80', 'Cookie', 'sess=s1same', 'X-Api-Key', 's2same'];
const pairs = [
  ['x-api-key', 's1same'],
  ['authorization', 'swordfish-s2same'],
];

const texts: readonly (readonly [what: string, text: string, count: number])[] = [
  ['JSON in a preview', json(body), 1],
  ['JSON in JSON in a preview', json(json({ to: 'q', body })), 1],
  ['JSON in JSON, beside another secret', json({ body, token: 's2same' }), 2],
  ['a quote within the secret', json(json({ password: 's1"s2same' })), 1],
  ['JSON that is cut', json(body).slice(0, 38), 1],
  ['JSON cut by its preview', `${json(body).slice(0, 38)}…", n: 1`, 1],
  ['single quotes in a preview', json("{password: 's1same'}"), 1],
  ['lines of YAML in a preview', json('user: bob\npassword: s1same\nport: 80'), 1],
  ['the same in JSON', json(json('user: bob\npassword: s1same\nport: 80')), 1],
  ['a path that is no line', 'C:\\token=s1same', 1],
  ['headers as sent', json('GET /\r\nCookie: a=s1same; b=s2same\r\nX-Api-Key: s3same\r\n'), 2],
  ['a list under a name', json(json({ 'set-cookie': ['a=s1same; Path=/', 'b=s2same'] })), 1],
  ['a Map', "Map(1) { 'password' => 's1same' }", 1],
  ['a comparison', "if (password === 's1same')", 1],
  ['characters of URLs', 'user=bob&password=p%40@s1same!&n=1', 1],
  ['raw headers', json(rawHeaders), 2],
  ['raw headers in a preview', json(json(rawHeaders)), 2],
  ['pairs', json(pairs), 2],
  ['pairs in a preview', json(json(pairs)), 2],
  ['a name and its value', json({ name: 'password', value: 's1same' }), 1],
  ['the same in a preview', json(json({ key: 'password', value: 's1same' })), 1],
  ['an option', json(['node', 'x.js', '--password', 's1same']), 1],
  ['what a sign-in hands back', 'https://a.test/back?code=4/0As1same-x&state=7', 1],
  ['what signs a link', 'https://b.test/x?sv=1&sig=s1same%2Bx%3D', 1],
  ['an option in a command', '/bin/sh -c mysqldump -u root --password s1same shop', 1],
  ['the same in quotes', json('x --api-key "s1same" --token s2same'), 2],
  ['a short option', 'mysqldump -u root -ps1same shop; mysql -h db -ps2same', 2],
  ['of curl', json("curl -s -u 'bob:s1same' https://a.test"), 1],
  ['an environment in a command', 'PGPASSWORD=s1same psql -c x', 1],
  ['XML', '<User>bob</User><Password>s1same too</Password>', 1],
  ['XML that is cut', '<User>bob</User><ns:password>s1sa s1same'.replace(' ', ''), 1],
  ['a form', 'name="user"\r\n\r\nbob\r\n--x\r\nname="password"\r\n\r\ns1same "x\r\n--x', 1],
  ['a form in a preview', json('name="password"\r\n\r\ns1same\r\n--x'), 1],
  ['SQL', "ALTER ROLE shop WITH PASSWORD 's1same'; CREATE USER a IDENTIFIED BY 's2same'", 2],
  ['SQL in a preview', json("alter role shop password 's1same'"), 1],
  ['a long signature', '/x?X-Amz-Signature=s1same&signature=s2same', 2],
];
for (const [what, text, count] of texts) {
  test(`secrets beside their names: ${what}`, () => {
    const tally = new RedactionTally();
    const shown = redactText(text, tally);
    assert.doesNotMatch(shown, /s\dsame/);
    assert.equal(tally.count, count, shown);
    assert.equal(redactText(shown, new RedactionTally()), shown, 'what is redacted stays as it is');
  });
}

const harmless = [
  "code: 'ENOENT'",
  'exit code=137',
  'error.code = "ERR_OUT_OF_RANGE"',
  'https://a.test/?code=404',
  json(['token', 'identifier', 'keyword', 'punctuator']),
  json(['password', 'email']),
  json(json(['password', 'email'])),
  json(['Authorization', 'Content-Type']),
  "pick(user, ['password', 'email'])",
  json([['token', 'identifier']]),
  json([
    ['keyword', 'if'],
    ['number', '17'],
  ]),
  'const hashed = list.map((token) => hash(token));',
  "tokens.map(token => 'x')",
  'if (token === other) return;',
  "if (typeof token === 'string') return;",
  "request.credentials !== 'same-origin'",
  'const tokens = /** @type {const} */ (list);',
  '{cookie: undefined, host: "x"}',
  '{name: "order", value: "17"}',
  'async login(): Promise<Token> { return this.#token; }',
  'const known = new Map<Password>(list);',
  'git push --force origin; node --trace-uncaught app.js',
  'curl -u bob https://a.test:443/x; docker run --user 1000:1000 x',
  'ssh -p 2222 mysql.test; mysql -p shop',
  'name="quantity"\r\n\r\n17',
  json(json({ password: '' })),
  json(json({ token: null, pin: true })),
];
for (const text of harmless) {
  test(`secrets beside their names: stays: ${text}`, () => {
    assert.equal(redactText(text, new RedactionTally()), text);
  });
}

/** As the reader shows it. */
function valueOf(value: unknown): Value {
  if (Buffer.isBuffer(value)) {
    const preview = `<Buffer ${value.toString('hex').replace(/..\B/g, '$& ')}>`;
    return { type: 'typed-array', className: 'Buffer', preview, length: value.length };
  }
  if (typeof value !== 'object' || value === null)
    return { type: value === null ? 'null' : typeof value, preview: json(value) };
  const properties = Object.entries(value).map(([name, one]) => ({ name, value: valueOf(one) }));
  return Array.isArray(value)
    ? { type: 'array', className: 'Array', length: value.length, preview: json(value), properties }
    : { type: 'object', className: 'Object', preview: json(value), properties };
}

const values: readonly (readonly [name: string, value: unknown, count: number])[] = [
  ['raw', rawHeaders, 2],
  ['rawHeaders', ['Cookie', 'chocolate-s1same'], 1],
  ['message', { rawHeaders: ['Host', 'here', 'Cookie', 's1same'] }, 1],
  ['params', { '#searchParams': ['user', 'bob', 'code', 's1same'] }, 1],
  ['form', ['user', 'bob', 'pin', 5551771], 1],
  ['entries', pairs, 2],
  ['field', { name: 'password', value: 's1same' }, 1],
  ['fields', [{ key: 'apiKey', value: { held: 's1same' } }], 1],
  ['spawnargs', ['curl', '--password', 's1same', '-v'], 1],
];
for (const [name, value, count] of values) {
  test(`secrets beside their names: ${name} = ${json(value)}`, () => {
    const tally = new RedactionTally();
    const shown = json(redactVariables([{ name, value: valueOf(value) }], tally));
    assert.doesNotMatch(shown, /s\dsame|5551771/);
    assert.equal(tally.count, count);
    const plain = new RedactionTally();
    assert.doesNotMatch(json(redactJson({ [name]: value }, plain)), /s\dsame|5551771/);
    assert.equal(plain.count, count);
  });
}

test('secrets beside their names: headers that are bytes', () => {
  const raw = valueOf(rawHeaders.map((one) => Buffer.from(one)));
  const hex = (text: string): string => Buffer.from(text).toString('hex').replace(/..\B/g, '$& ');
  const shown = json(redactVariables([{ name: 'raw', value: raw }], new RedactionTally()));
  assert.ok(shown.includes(hex('Cookie')));
  assert.ok(!shown.includes(hex('s1same')) && !shown.includes(hex('s2same')));
});

const plainValues: Record<string, unknown> = {
  types: ['token', 'identifier', 'keyword', 'punctuator'],
  formFields: ['password', 'email'],
  allowedHeaders: ['Authorization', 'Content-Type'],
  errorCode: { code: 'ENOENT', exitCode: 17 },
  odd: ['a', 'token', 'b17'],
  node: { name: 'order', value: '17' },
  pinned: { key: 'pinned', value: 3 },
};
for (const [name, value] of Object.entries(plainValues)) {
  test(`secrets beside their names: stays: ${name} = ${json(value)}`, () => {
    const variables = [{ name, value: valueOf(value) }];
    assert.deepEqual(redactVariables(variables, new RedactionTally()), variables);
    assert.deepEqual(redactJson({ value }, new RedactionTally()), { value });
  });
}
