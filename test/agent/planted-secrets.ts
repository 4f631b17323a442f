/** Secrets planted in every place of a program that a report can carry. Each place has one of its own. */

const letters = 'aZ3xQ9mK7bW2vN8cR4tY6uP1sD5fG0hJ';

/** A value with the look of a GitHub token, different for each place. */
export function token(place: string): string {
  const number = Buffer.from(place).reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7);
  return `ghp_${number.toString(36).padStart(7, '0')}${letters.slice(0, 25)}`;
}

/** What identifies it, also when a report shows only a part. */
export function mark(place: string): string {
  return token(place).slice(0, 11);
}

/** A value under a secret name, without a look of its own. */
export function password(place: string): string {
  return `hunter-${mark(place).slice(4)}`;
}

export const places = [
  'env',
  'argv',
  'local',
  'nested',
  'closure',
  'argument',
  'mapKey',
  'mapValue',
  'array',
  'header',
  'url',
  'annotation',
  'crumb',
  'crumbData',
  'pino',
  'pinoField',
  'error',
  'cause',
  'property',
  'task',
  'store',
  'reason',
  'path',
  'body',
  'bodyInBody',
  'settings',
  'rawHeaders',
  'pairs',
  'nameAndValue',
  'search',
  'code',
  'signature',
  'spawned',
  'argvBody',
  'argvList',
  'crumbText',
  'crumbHeaders',
  'pinoBody',
  'pinoHeaders',
  'errorBody',
  'errorList',
  'storeList',
] as const;

/** The program. It is told the tokens by a file that is gone before anybody looks, so that its source holds none but one. */
export function plantedProgram(tokensFile: string, pino: string, arm: string): string {
  return `
    const fs = require('node:fs');
    const { AsyncLocalStorage } = require('node:async_hooks');
    const s = JSON.parse(fs.readFileSync(${JSON.stringify(tokensFile)}, 'utf8'));
    const literal = '${token('source')}'; // the one in the source
    const agent = require(${JSON.stringify(arm)}).arm();
    const log = require(${JSON.stringify(pino)})({ hooks: agent.pinoHooks }, fs.createWriteStream('/dev/null'));
    agent.annotate('deploy', 'by ' + s.tokens.annotation); agent.annotate('api-key', s.passwords.annotation);
    agent.breadcrumb('calling with ' + s.tokens.crumb, { id: 4711, note: s.tokens.crumbData, password: s.passwords.crumbData });
    log.info({ order: 17, key: s.tokens.pinoField, password: s.passwords.pinoField }, 'login with ' + s.tokens.pino);
    log.warn({ order: 18 }, 'plain line');
    agent.breadcrumb('sent ' + JSON.stringify({ user: 'bob', password: s.passwords.crumbText }), { raw: ['Host', 'h:1', 'Cookie', s.passwords.crumbHeaders] });
    log.info({ body: JSON.stringify({ password: s.passwords.pinoBody }), headers: [['x-api-key', s.passwords.pinoHeaders], ['accept', '*/*']] }, 'sent');
    const als = new AsyncLocalStorage({ name: 'request' });
    const directory = fs.mkdtempSync('/tmp/sleeper-' + s.tokens.path); fs.watch(directory); fs.rmdirSync(directory);
    async function waitsFor(note) { const held = s.tokens.task; const passwd = s.passwords.task; await new Promise(() => {}); return held + passwd + note; }
    waitsFor('x');
    function outer() {
      const enclosed = s.tokens.closure; const closurePassword = s.passwords.closure;
      return function work(argument, password) {
        const orderId = 'A-17'; const local = 'Bearer ' + s.tokens.local; const dbPassword = s.passwords.local;
        const nested = { deep: { note: s.tokens.nested, secret: s.passwords.nested } };
        const map = new Map([[s.tokens.mapKey, 1], ['v', s.tokens.mapValue]]);
        const list = ['ok', s.tokens.array]; const headers = { authorization: s.passwords.header, cookie: 'sid=' + s.tokens.header };
        const url = 'https://user:' + s.passwords.url + '@example.test/?token=' + s.tokens.url;
        const body = JSON.stringify({ user: 'bob', password: s.passwords.body });
        const bodyInBody = JSON.stringify({ to: 'queue', body: JSON.stringify({ clientSecret: s.passwords.bodyInBody }) });
        const settings = 'user: bob\\npassword: ' + s.passwords.settings;
        const raw = ['Host', '127.0.0.1:80', 'Cookie', s.passwords.rawHeaders]; const bytes = raw.map((one) => Buffer.from(one));
        const pairs = [['accept', 'text'], ['x-api-key', s.passwords.pairs]]; const form = { name: 'password', value: s.passwords.nameAndValue };
        const search = new URLSearchParams([['user', 'bob'], ['password', s.passwords.search]]);
        const links = ['https://a.test/back?state=7&code=' + s.passwords.code, 'https://b.test/x?sig=' + s.passwords.signature];
        const spawned = ['curl', '--password', s.passwords.spawned]; const asText = JSON.stringify([raw, pairs, form, links]); const kinds = ['token', 'identifier'];
        s.go(body, bodyInBody, settings, raw, bytes, pairs, form, search, links, spawned, asText, kinds, local, nested, map, list, headers, url, enclosed, orderId, typeof closurePassword, typeof dbPassword);
      };
    }
    s.go = function go(...all) {
      if (process.env.MODE === 'throw') {
        throw Object.assign(new Error('refused ' + s.tokens.error, { cause: new Error('because of ' + s.tokens.cause) }), { body: JSON.stringify({ password: s.passwords.errorBody }), raw: ['Host', 'h:1', 'Cookie', s.passwords.errorList], detail: s.tokens.property, password: s.passwords.property });
      }
      console.log('ready'); for (;;) all[0] = all[0];
    };
    setTimeout(() => als.run({ requestId: 'r-17', note: s.tokens.store, sessionId: s.passwords.store, list: ['user', '17', 'password', s.passwords.storeList] }, () => outer()(s.tokens.argument, s.passwords.argument)), 10);
  `;
}
