/** What a function has to give back while it waits, by its source. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { heldAt, parseScriptNames } from '#dist/reader/names/function-names.js';

/** What a method has, in whose body `HERE` stands in front of an await. */
function heldHere(body: string) {
  const head = 'class Shop { #lock; #pool; async work(lock, pool, items, signal) ';
  const source = `${head}${body.replace('HERE ', '')} }`;
  const at = head.length + body.indexOf('HERE');
  assert.ok(source.startsWith('await ', at), source);
  const script = parseScriptNames(source, { wrapperParameters: [] });
  const names = script?.find(source.indexOf('('), source.length - 2);
  assert.ok(names, source);
  const asked = names.awaitedCalls.find(({ awaitAt }) => awaitAt === at);
  return { held: heldAt(names, at).map(({ call }) => call), asked: asked?.call ?? null };
}

const held: readonly (readonly [what: string, body: string, held: readonly string[]])[] = [
  [
    'a lock, taken lines above',
    '{ await lock.acquire(); a(); b(); HERE await c(); }',
    ['lock.acquire'],
  ],
  ['a lock that was given back', '{ await lock.acquire(); lock.release(); HERE await c(); }', []],
  ['while it is asked for', '{ HERE await lock.acquire(); }', []],
  [
    'in a try that gives it back at the end',
    '{ await lock.acquire(); try { HERE await c(); } finally { lock.release(); } }',
    ['lock.acquire'],
  ],
  [
    'behind that try',
    '{ await lock.acquire(); try { await c(); } finally { lock.release(); } HERE await d(); }',
    [],
  ],
  [
    'got in a try, at its end',
    '{ let conn; try { conn = await pool.connect(); HERE await conn.query(); } finally { conn?.release(); } }',
    ['pool.connect'],
  ],
  [
    'in the catch of the attempt to get it',
    '{ let conn; try { conn = await pool.connect(); } catch { HERE await retry(); } }',
    [],
  ],
  [
    'behind the catch',
    '{ let conn; try { conn = await pool.connect(); } catch (error) { throw error; } HERE await conn.query(); }',
    ['pool.connect'],
  ],
  [
    'given back where the function then ends',
    '{ await lock.acquire(); if (!items) { lock.release(); return; } HERE await c(); }',
    ['lock.acquire'],
  ],
  [
    'on the way out',
    '{ await lock.acquire(); if (!items) { lock.release(); HERE await c(); return; } }',
    [],
  ],
  [
    'given back where it goes on',
    '{ await lock.acquire(); if (!items) lock.release(); HERE await c(); }',
    [],
  ],
  ['taken in a branch', '{ if (items) await lock.acquire(); HERE await c(); }', []],
  [
    'taken in the branch where it stands',
    '{ if (items) { await lock.acquire(); HERE await c(); } }',
    ['lock.acquire'],
  ],
  ['taken in a loop before', '{ for (const one of items) await one.lock(); HERE await c(); }', []],
  ['taken further on in a loop', '{ for (;;) { HERE await c(); await lock.acquire(); } }', []],
  [
    'taken if there was none',
    '{ const conn = items ?? (await pool.connect()); HERE await conn.query(); }',
    [],
  ],
  [
    'another one given back',
    '{ const a = await pool.connect(); const b = await pool.connect(); b.release(); HERE await c(); }',
    ['pool.connect'],
  ],
  [
    'two',
    '{ await lock.acquire(); const conn = await this.pool.getConnection(); HERE await c(); }',
    ['lock.acquire', 'this.pool.getConnection'],
  ],
  [
    'by the function that was got',
    '{ const free = await lock.acquire(); free(); HERE await c(); }',
    [],
  ],
  ['by the pool', '{ const conn = await pool.acquire(); pool.release(conn); HERE await c(); }', []],
  ['by a function of another name', '{ await takeLock(); unlock(); HERE await c(); }', []],
  [
    'by what is called later',
    '{ const conn = await pool.connect(); signal.on("abort", () => conn.release()); HERE await c(); }',
    [],
  ],
  [
    'at the end of a transaction',
    '{ const trx = await pool.transaction(); HERE await trx.commit(); }',
    ['pool.transaction'],
  ],
  [
    'behind the end of a transaction',
    '{ const trx = await pool.transaction(); await trx.rollback(); HERE await c(); }',
    [],
  ],
  ['what is no lock', '{ const rows = await pool.query(); HERE await c(); }', []],
  ['a client that connects', '{ await client.connect(); HERE await c(); }', []],
  [
    'lent for the time of a call',
    '{ await lock.runExclusive(async () => {}); HERE await c(); }',
    [],
  ],
  [
    'of a function within',
    '{ const one = async () => { await lock.acquire(); }; HERE await one(); }',
    [],
  ],
  [
    'in brackets',
    '{ await this.locks[`of ${items}`].acquire(); HERE await c(); }',
    ['this.locks[].acquire'],
  ],
  [
    'as compilers write it',
    '{ const conn = await (0, pool_1.getConnection)(); HERE await c(); }',
    ['pool_1.getConnection'],
  ],
  [
    'private, and perhaps not there',
    '{ await this.#lock?.acquire(); HERE await c(); }',
    ['this.#lock.acquire'],
  ],
  ['a block of no lock', '{ const one = await chain.getBlock(); HERE await c(); }', []],
];

suite('what is had at an await', () => {
  for (const [what, body, expected] of held)
    test(what, () => {
      assert.deepEqual(heldHere(body).held, expected);
    });

  test('what a function is given to lends it something while it runs', () => {
    const source =
      'lock.runExclusive(async () => { await c(); }); queue.add(async () => { await d(); });';
    const script = parseScriptNames(source, { wrapperParameters: [] });
    const heldIn = (body: string) => {
      const start = source.indexOf(body);
      const names = script?.find(start, start + body.length);
      assert.ok(names);
      return heldAt(names, source.indexOf('await', start)).map(({ call }) => call);
    };
    assert.deepEqual(heldIn('async () => { await c(); }'), ['lock.runExclusive']);
    assert.deepEqual(heldIn('async () => { await d(); }'), []);
  });

  test('at the top level of a module', () => {
    const source = 'const release = await lock.acquire();\nawait work();';
    const names = parseScriptNames(source, { isModule: true })?.find(0, source.length);
    assert.ok(names);
    assert.deepEqual(
      heldAt(names, source.indexOf('await work')).map(({ call }) => call),
      ['lock.acquire'],
    );
  });

  test('the call that is awaited', () => {
    assert.equal(
      heldHere('{ HERE await this.#pool.of(items)?.acquire(1, 2); }').asked,
      'this.#pool.of().acquire',
    );
    assert.equal(heldHere('{ HERE await new Promise(items); }').asked, null);
    assert.equal(heldHere('{ HERE await (items ? pool : lock).acquire(); }').asked, null);
  });
});
