/** Names of functions that an earlier run met: the same, for the same text only, and without parsing. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { limits } from '#dist/limits.js';
import { KeptNames, ScriptWithKept } from '#dist/reader/names/kept-names.js';
import { parseScriptNames } from '#dist/reader/names/function-names.js';
import { PutOff } from '#dist/reader/names/lazy-parser.js';
import { ownCache } from '../harness/own-cache.ts';

const options = { v8Version: '13.6' };
const text = `class Cart { total(rate) { let sum = 0; for (const item of this.items) sum += item; return sum * rate; } }
const idle = ([first, ...rest]) => { try { var used = first; } catch (error) { used = error; } return [used, rest]; };
${'// long enough not to be parsed at once\n'.repeat(20)}`;

interface Place {
  readonly start: number;
  readonly end: number;
}

function placeOf(begin: string, end: string): Place {
  return { start: text.indexOf(begin), end: text.indexOf(end) + end.length };
}
const total = placeOf('(rate)', 'sum * rate; }');
const idle = placeOf('([first', 'rest]; }');

function find(kept: KeptNames, { start, end }: Place, source = text, patience = Infinity) {
  return new ScriptWithKept(source, options, kept).find(start, end, '', patience);
}

suite('names of an earlier run', () => {
  test('are those that the source gives, and need no parser', (t) => {
    ownCache(t);
    const first = new KeptNames('binary');
    const parsed = parseScriptNames(text, options);
    for (const { start, end } of [total, idle]) {
      const expected = parsed?.find(start, end);
      assert.ok(expected);
      assert.deepEqual(find(first, { start, end }), expected);
    }
    first.save();

    const later = new KeptNames('binary');
    const script = new ScriptWithKept(text, options, later);
    assert.throws(() => script.find(total.start, total.end, '', 10), PutOff);
    assert.deepEqual(script.find(total.start, total.end), parsed?.find(total.start, total.end));
    // Now the text is known to be the one that was met before: with no time to parse, names are there.
    assert.deepEqual(script.find(idle.start, idle.end, '', 10), parsed?.find(idle.start, idle.end));
    assert.throws(() => script.find(1, 2, '', 10), PutOff);
  });

  test('that a source does not tell is known, too', (t) => {
    ownCache(t);
    const first = new KeptNames('binary');
    assert.equal(find(first, { start: 3, end: 9 }), null);
    first.save();
    const script = new ScriptWithKept(text, options, new KeptNames('binary'));
    assert.ok(script.find(total.start, total.end));
    assert.equal(script.find(3, 9, '', 10), null);
  });

  test('are those of this text, these circumstances and this binary', (t) => {
    ownCache(t);
    const first = new KeptNames('binary');
    find(first, total);
    first.save();
    const parameters = (kept: KeptNames, source: string) => find(kept, total, source)?.parameters;
    assert.deepEqual(parameters(new KeptNames('binary'), text), ['rate']);
    const other = text.replaceAll('rate', 'gain');
    assert.deepEqual(parameters(new KeptNames('binary'), other), ['gain']);
    assert.equal(new KeptNames('other binary').get('anything'), undefined);
    const asked: string[] = [];
    const kept = new (class extends KeptNames {
      override get(place: string) {
        asked.push(place);
        return super.get(place);
      }
    })('binary');
    // UTF-8 would make the same of both.
    for (const half of ['\ud800', '\udfff'])
      find(kept, total, text.replace('// long', `// ${half}`));
    assert.notEqual(asked[0], asked[1]);
  });

  test('a file that says something else is not believed', (t) => {
    const directory = ownCache(t);
    const write = (names: unknown): void => {
      const kept = new KeptNames('binary');
      // As another version may have written it.
      kept.add('place', names as never);
      kept.save();
    };
    const sound = parseScriptNames(text, options)?.find(total.start, total.end);
    assert.ok(sound);
    write(sound);
    assert.deepEqual(new KeptNames('binary').get('place'), sound);
    for (const wrong of [
      { ...sound, registers: [{ name: 1 }] },
      { ...sound, kind: 'unheard-of' },
      { ...sound, parameters: 'rate' },
    ]) {
      write(wrong);
      assert.equal(new KeptNames('binary').get('place'), undefined);
    }
    for (const name of fs.readdirSync(directory)) fs.truncateSync(path.join(directory, name), 100);
    assert.equal(new KeptNames('binary').get('place'), undefined);
  });

  test('those used last stay when there are too many', (t) => {
    ownCache(t);
    const sound = parseScriptNames(text, options)?.find(total.start, total.end);
    assert.ok(sound);
    const first = new KeptNames('binary');
    for (let i = 0; i < limits.maxKeptFunctions; i++) first.add(`old ${i}`, sound);
    first.save();
    const second = new KeptNames('binary');
    assert.deepEqual(second.get(`old ${limits.maxKeptFunctions - 1}`), sound);
    second.add('new', sound);
    second.save();
    const third = new KeptNames('binary');
    assert.deepEqual(third.get('new'), sound);
    assert.deepEqual(third.get(`old ${limits.maxKeptFunctions - 1}`), sound);
    assert.equal(third.get(`old ${limits.maxKeptFunctions - 2}`), undefined);
  });
});
