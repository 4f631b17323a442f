/** What is taken out of a report, and what must stay readable. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactArguments, redactEnvironment, redactJson } from '#dist/report/redact-plain.cjs';
import { redactCapture } from '#dist/report/redact.js';
import { redactVariables } from '#dist/report/redact-values.js';
import type { Capture, Variable } from '#dist/report/schema.js';
import { isSecretName } from '#dist/report/secret-names.cjs';
import {
  RedactionTally,
  formatRedactWords,
  parseRedactWords,
  redactText,
} from '#dist/report/secrets.cjs';
import { secretNames } from './secret-names.ts';

const plainNames =
  `user path author tokenizer passCount bypass key keys monkey SSH_AUTH_SOCK order compass pinned
  spinner secretary HOME PATH PWD OLDPWD cookieless tokenize authority passwordless passwordreset tokencount
  secretly trespass idtokenizer pw2x`.split(/\s+/);

test('redact: names that keep secrets', () => {
  assert.deepEqual(
    secretNames.filter((name) => !isSecretName(name)),
    [],
  );
});

test('redact: names that only look like it', () => {
  assert.deepEqual(plainNames.filter(isSecretName), []);
});

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P';
const looks: readonly (readonly [text: string, gone: string, kept: string])[] = [
  [
    'postgres://shop:s3cr3t@db.local:5432/shop',
    's3cr3t',
    'postgres://shop:[redacted]@db.local:5432/shop',
  ],
  ['redis://:hunter2@cache:6379', 'hunter2', 'redis://:[redacted]@cache:6379'],
  [`sent ${jwt} to`, jwt, 'sent [redacted] to'],
  ['key AKIAIOSFODNN7EXAMPLE end', 'AKIAIOSFODNN7EXAMPLE', 'key [redacted] end'],
  [`t ghp_${'a1B2'.repeat(9)} x`, 'ghp_', 't [redacted] x'],
  [
    'Authorization: Bearer abcDEF123456789.xyz',
    'abcDEF123456789',
    'Authorization: Bearer [redacted]',
  ],
  ['xoxb-1234567890-abcdef', 'xoxb', '[redacted]'],
  ['sk_live_4eC39HqLyjWDarjtT1zdp7dc', '4eC39', '[redacted]'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----', 'MIIE', '[redacted]'],
  ["const password = 'hunter2'; // login", 'hunter2', "const password = '[redacted]'; // login"],
  [
    '{user: \'ann\', apiKey: "k-123", n: 1}',
    'k-123',
    '{user: \'ann\', apiKey: "[redacted]", n: 1}',
  ],
  ['DB_PASS=hunter2 node app.js', 'hunter2', 'DB_PASS=[redacted] node app.js'],
];
for (const [text, gone, kept] of looks) {
  test(`redact: ${text.slice(0, 40).replaceAll('\n', ' ')}`, () => {
    const tally = new RedactionTally();
    const result = redactText(text, tally);
    assert.ok(!result.includes(gone), result);
    assert.equal(result, kept);
    assert.ok(tally.result().count >= 1);
  });
}

const harmless = [
  'token = undefined; password: null',
  'const password = await ask();',
  'http://localhost:3000/orders/17',
  'function login(user, password) {',
  '/srv/app/auth.js:10:5',
  'Basic training is important',
];
for (const text of harmless) {
  test(`redact: leaves ${text}`, () => {
    assert.equal(redactText(text, new RedactionTally()), text);
  });
}

test('redact: the environment by names and looks', () => {
  const tally = new RedactionTally();
  const env = redactEnvironment(
    {
      HOME: '/root',
      NPM_TOKEN: 'x',
      EMPTY_TOKEN: '',
      APP: 'mysql://a:bcd@h/x',
      CUSTOMER: 'ann',
      RETRIES: '3',
    },
    tally,
  );
  assert.deepEqual(env, {
    HOME: '/root',
    NPM_TOKEN: '[redacted]',
    EMPTY_TOKEN: '',
    APP: 'mysql://a:[redacted]@h/x',
    CUSTOMER: '[redacted]',
    RETRIES: '3',
  });
  assert.deepEqual(tally.result(), {
    count: 3,
    keys: ['NPM_TOKEN', 'environment', 'password in URL'],
  });
});

test('redact: the command line', () => {
  const argv = [
    'node',
    'app.js',
    '--password=a b',
    '--token',
    'abc',
    '--port',
    '80',
    '--api-key',
    '--x',
  ];
  assert.deepEqual(redactArguments(argv, new RedactionTally()), [
    'node',
    'app.js',
    '--password=[redacted]',
    '--token',
    '[redacted]',
    '--port',
    '80',
    '--api-key',
    '--x',
  ]);
});

test('redact: variables, their properties, and the previews around them', () => {
  const tally = new RedactionTally();
  const variables: Variable[] = [
    { name: 'password', value: { type: 'string', preview: "'hunter2'" } },
    { name: 'pin', value: { type: 'number', preview: '1234' } },
    { name: 'token', value: { type: 'undefined', preview: 'undefined' } },
    { name: 'authenticate', value: { type: 'function', preview: '[Function authenticate]' } },
    {
      name: 'login',
      value: {
        type: 'object',
        preview: "{user: 'ann', secret: 's3same', tries: 2}",
        properties: [
          { name: 'user', value: { type: 'string', preview: "'ann'" } },
          { name: 'secret', value: { type: 'string', preview: "'s3same'" } },
          { name: 'tries', value: { type: 'number', preview: '2' } },
        ],
      },
    },
    {
      name: 'credentials',
      value: {
        type: 'object',
        preview: "{id: 'ann', code: 'open'}",
        properties: [
          { name: 'id', value: { type: 'string', preview: "'ann'" } },
          { name: 'code', value: { type: 'string', preview: "'open'" } },
        ],
      },
    },
  ];
  const text = JSON.stringify(redactVariables(variables, tally));
  for (const secret of ['hunter2', '1234', 's3same', 'open']) {
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
  }
  for (const kept of ["'ann'", 'tries: 2', 'undefined', '[Function authenticate]']) {
    assert.ok(text.includes(kept), `${kept} not in ${text}`);
  }
  assert.deepEqual(tally.result().keys, ['credentials', 'password', 'pin', 'secret']);
});

test('redact: the whole capture, error and source included', () => {
  const capture = {
    trigger: { kind: 'request', reason: 'x' },
    process: { pid: 1, env: { A_SECRET: 's1same-env' }, argv: ['node', '--token=s2same-arg'] },
    threads: [
      {
        tid: 1,
        kind: 'main',
        name: 'node',
        state: 'R',
        frames: [
          {
            function: 'f',
            kind: 'js',
            locals: [],
            arguments: [{ name: 'apiKey', value: { type: 'string', preview: "'s3same-value'" } }],
            source: { line: "const secret = 's4same-line';", before: [], after: [] },
          },
        ],
      },
    ],
    tasks: [],
    error: {
      name: 'Error',
      message: 'cannot reach mongodb://a:s5same-url@h',
      properties: [],
      stack: 'Error: cannot reach mongodb://a:s5same-url@h\n    at f (/a/b.js:1:2)',
      cause: {
        name: 'E',
        message: 'm',
        properties: [{ name: 'token', value: { type: 'string', preview: "'s6same-prop'" } }],
      },
    },
    annotations: { session_token: 's7same-note', tenant: 'shop' },
    breadcrumbs: [{ text: 'login', data: { password: 's8same-crumb', user: 'ann' } }],
    missing: [],
    redactions: { count: 0, keys: [] },
  } as unknown as Capture;
  const redacted = redactCapture(capture);
  assert.equal(/s\dsame/.exec(JSON.stringify(redacted)), null);
  assert.equal(redacted.annotations?.['tenant'], 'shop');
  assert.equal(redacted.redactions.count >= 8, true, JSON.stringify(redacted.redactions));
  assert.match(JSON.stringify(capture), /s1same/, 'the capture itself is not changed');
});

const lookalikes = [
  'order 4111111111111112 paid',
  'at 1795553084326 ms',
  'trace 4bf92f3577b34da6a3ce929d0e0e4736',
  'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'id 550e8400-e29b-41d4-a716-446655440000',
  'price 41.11111111111111',
  'snowflake 1795553084326123456',
  'phone +49 30 1234567',
  '10.0.0.7:4242 → [::1]:443',
  'https://example.test/a/b?page=2',
  'user@example.test wrote',
  'at Object.<anonymous> (/srv/app/node_modules/@scope/pkg/dist/index.js:10:25)',
  '/sys/fs/cgroup/memory/kubepods/burstable/pod1234/memory.oom_control',
  'const tokenizer = makeTokenizer(passCount);',
];
for (const text of lookalikes) {
  test(`redact: stays: ${text}`, () => {
    const tally = new RedactionTally();
    assert.equal(redactText(text, tally), text);
    assert.equal(tally.result().count, 0);
  });
}

const moreLooks: readonly (readonly [text: string, gone: string])[] = [
  ['card 4111 1111 1111 1111 of ann', '1111 1111'],
  ['5500005555555559', '5500005555555559'],
  ['amex 378282246310005.', '378282246310005'],
  ['https://AbCdEf0123456789AbCd@github.com/x.git', 'AbCdEf'],
  ['DefaultEndpointsProtocol=https;AccountKey=abcdefghijklmnopqrstuvwxyz012345==', 'abcdefghij'],
  ['SG.abcdefghijklmnopqrst.uvwxyzABCDEFGHIJKLMNOP', 'SG.abc'],
  ['ya29.a0AfH6SMBabcdefghijklmnop', 'a0AfH6'],
  ['hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX', 'B00000000'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx', 'eyJzdWIiOiIx'],
  ['  MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi8Xk2jH5dNqLr1bV4cT0wYpGsx', 'MIIEpAIBAAK'],
];
for (const [text, gone] of moreLooks) {
  test(`redact: goes: ${text}`, () => {
    const tally = new RedactionTally();
    const shown = redactText(text, tally);
    assert.ok(!shown.includes(gone), shown);
    assert.equal(tally.result().count, 1);
  });
}

test('redact: names and patterns of the user, and what the user allows', () => {
  const options = parseRedactWords('tenantCode, /ACME-\\d{4}/, -session, -card number');
  const tally = new RedactionTally(options);
  assert.equal(redactText('for ACME-1234', tally), 'for [redacted]');
  assert.ok(tally.isSecretName('TENANT_CODE') && !tally.isSecretName('session'));
  assert.equal(redactText('4111 1111 1111 1111', tally), '4111 1111 1111 1111');
  assert.deepEqual(parseRedactWords(formatRedactWords(options)), options);
  assert.throws(() => parseRedactWords('/(/'), SyntaxError);
});

test('redact: JSON by names, in pairs too', () => {
  const tally = new RedactionTally();
  const json = { a: [{ name: 'cookie', value: { preview: 'x=1' } }], pin: 1234, list: ['plain'] };
  assert.deepEqual(redactJson(json, tally), {
    a: [{ name: 'cookie', value: '[redacted]' }],
    pin: '[redacted]',
    list: ['plain'],
  });
});
