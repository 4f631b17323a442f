/** The quick look at a text: what the patterns take out has a sign, and everyday paths have none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayHoldSecret, mayHoldSecretArgument } from '#dist/report/secret-signs.cjs';
import { redactArguments } from '#dist/report/redact-plain.cjs';
import { RedactionTally, redactText } from '#dist/report/secrets.cjs';
import { secretNames } from './secret-names.ts';

const mixed = 'aZ3xQ9mK7bW2vN8cR4tY6uP1sD5fG0hJ';
const hex = '0123456789abcdef0123456789abcdef';
/** One of each look, as short as it can be; put together here, so that none stands in the source. */
const secrets = [
  `eyJ${mixed.slice(0, 10)}`,
  ...['AKIA', 'ASIA', 'AROA', 'ABIA', 'ACCA'].map((sign) => `${sign}ABCDEFGH12345678`),
  ...['o', 'p', 's', 'u', 'r'].map((letter) => `gh${letter}_${mixed.slice(0, 20)}`),
  `github_pat_${mixed.slice(0, 20)}`,
  ...['pat', 'dt', 'rt', 'ptt', 'soat', 'cbt', 'ft'].map(
    (kind) => `gl${kind}-${mixed.slice(0, 16)}`,
  ),
  `npm_${mixed.slice(0, 30)}`,
  ...['a', 'b', 'e', 'o', 'p', 'r', 's'].map((letter) => `xox${letter}-${mixed.slice(0, 10)}`),
  `hooks.slack.com/services/${mixed.slice(0, 20)}`,
  ...['sk', 'pk', 'rk', 'whsec'].flatMap((kind) => [
    `${kind}_live_${mixed.slice(0, 10)}`,
    `${kind}-test-${mixed.slice(0, 10)}`,
  ]),
  `sk-${mixed}`,
  `whsec_${mixed.slice(0, 8)}/${mixed.slice(0, 11)}`,
  `hf_${mixed.slice(0, 30)}`,
  ...['at', 'ca', 'pa', 'ss'].map((kind) => `shp${kind}_${hex}`),
  `SG.${mixed.slice(0, 16)}.${mixed.slice(0, 16)}`,
  `AIza${mixed.slice(0, 30)}`,
  `ya29.${mixed.slice(0, 20)}`,
  `GOCSPX-${mixed.slice(0, 20)}`,
  `sig=${mixed.slice(0, 20)}`,
  ...['o', 'p', 'r'].map((letter) => `do${letter}_v1_${hex}`),
  ...['SK', 'AC'].map((sign) => sign + hex),
  `12345678:AA${mixed}a`,
  `Bearer ${mixed.slice(0, 12)}`,
  'postgres://shop:hunter2@db',
  `https://${mixed.slice(0, 12)}@host`,
  ['4111', '1111', '1111', '1111'].join(''),
  ['4111', '1111', '1111', '1111'].join('-'),
  mixed + mixed,
  'password=hunter2',
];
const before = ['', '/', '/orders/', '/a-', ',', '(', '/v1/x+', '%2F', '/services/'];
const after = ['', '/', '/items', '.json', ',b', '-x'];

test('whatever the patterns take out has a sign', () => {
  for (const secret of secrets) {
    assert.notEqual(redactText(secret, new RedactionTally()), secret, secret);
    for (const text of before.flatMap((one) => after.map((other) => one + secret + other))) {
      const isTaken = redactText(text, new RedactionTally()) !== text;
      assert.ok(!isTaken || mayHoldSecret(text), text);
    }
  }
});

test('a query that does not count has none', () => {
  const path = '/orders/17?token=abc';
  assert.equal(mayHoldSecret(path, path.indexOf('?')), false);
  assert.equal(mayHoldSecret(path), true);
});

test('everyday paths and arguments have none', () => {
  const plain = [
    '/',
    '/orders/17/positions/3',
    '/api/v1/subscriptions/notifications',
    '/orders/0f8f2c1e-77aa-4b2d-9c3e-0123456789ab/items',
    '/objects/507f1f77bcf86cd799439011',
    '/com.example.shop.v1.OrderService/PlaceOrder',
    '/grpc.health.v1.Health/Check',
    '/static/js/main.4f9c1b2e.chunk.js',
    '/invoices/20260101000000123',
    '/services/orders/17',
    'server.mjs',
    './dist/main.js',
  ];
  assert.deepEqual(
    plain.filter((text) => mayHoldSecret(text)),
    [],
  );
});

/** What names may look like as an option. */
const spellings = [
  (name: string) => `--${name}`,
  (name: string) => `-${name}`,
  (name: string) => `--${name.replaceAll('_', '-').toLowerCase()}`,
  (name: string) => `--app.${name}`,
];

test('whatever is taken out of arguments has a sign', () => {
  const hidden = (argv: string[]) =>
    redactArguments(argv, new RedactionTally()).join() !== argv.join();
  for (const option of secretNames.flatMap((name) => spellings.map((spell) => spell(name)))) {
    assert.ok(!hidden([option, 'hunter2']) || mayHoldSecretArgument(option), option);
    assert.ok(!hidden([`${option}=hunter2`]) || mayHoldSecretArgument(`${option}=x`), option);
  }
  for (const secret of secrets) {
    assert.ok(mayHoldSecretArgument(`--to=${secret}`), secret);
    assert.ok(!hidden([`--${secret}`]) || mayHoldSecretArgument(`--${secret}`), secret);
  }
});

test('options of Node have none', () => {
  const plain = [
    '--require',
    '--import',
    '-r',
    '-e',
    '--enable-source-maps',
    '--max-old-space-size=4096',
    '--inspect',
  ];
  assert.deepEqual(plain.filter(mayHoldSecretArgument), []);
});
