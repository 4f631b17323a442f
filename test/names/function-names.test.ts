import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  isVisible,
  parseScriptNames,
  type FunctionNames,
  type ScriptOptions,
} from '#dist/reader/names/function-names.js';
import { v8VersionOf, type ProgramKind } from './bytecode-oracle.ts';
import { compare } from './comparison.ts';
import { constructs } from './constructs.ts';
import { generateProgram } from './program-generator.ts';

const majors = [18, 20, 22, 24, 26];
const seeds = [1, 2, 3, 4, 5, 6];

function nodeOf(major: number): string {
  return fileURLToPath(
    new URL(`../../matrix/node_modules/node-${major}/bin/node`, import.meta.url),
  );
}

/** Names of the function whose text is marked by « and ». */
function namesOf(marked: string, options: ScriptOptions = {}, name?: string): FunctionNames | null {
  const start = marked.indexOf('«');
  const end = marked.indexOf('»') - 1;
  const text = marked.replace('«', '').replace('»', '');
  return parseScriptNames(text, { v8Version: '13.6', ...options })?.find(start, end, name) ?? null;
}

function registerNames(names: FunctionNames | null): (string | undefined)[] | undefined {
  return names?.registers.map((register) => register?.name);
}

suite('registers, compared with the bytecode of V8', () => {
  for (const major of majors) {
    test(`every construct on node ${major}`, () => {
      const node = nodeOf(major);
      const [known, unknown] = compare(node, constructs, [v8VersionOf(node), undefined]);
      assert.deepEqual(known?.wrong, []);
      assert.deepEqual(known.unknown, []);
      const withRegisters = new Set(known.right.map((text) => text.replace(/: [^:]*$/, '')));
      const withoutRegisters = Object.keys(constructs).filter((title) => !withRegisters.has(title));
      assert.deepEqual(withoutRegisters, []);
      assert.deepEqual(unknown?.wrong, []);
      assert.ok(unknown.right.length > known.right.length * 0.8);
    });

    test(`random programs on node ${major}`, () => {
      const node = nodeOf(major);
      const programs = Object.fromEntries(
        seeds.map((seed) => {
          const kind: ProgramKind = seed % 2 === 0 ? 'module' : 'commonjs';
          const source = generateProgram({ seed: seed * 7919, kind, functionCount: 4 });
          return [`seed ${seed}`, { kind, source }];
        }),
      );
      const [known, unknown] = compare(node, programs, [v8VersionOf(node), undefined]);
      assert.deepEqual(known?.wrong, []);
      assert.ok(known.right.length > 500, `only ${known.right.length} variables in registers`);
      // Not known are variables in switch clauses other than their own, and in their dead zone.
      assert.ok(known.unknown.length < known.right.length * 0.03, known.unknown.join('\n'));
      assert.deepEqual(unknown?.wrong, []);
    });
  }
});

suite('what is told beside registers', () => {
  test('parameters by name, or by the short text of their pattern', () => {
    const names = namesOf(
      'function f«(a, b = 1, { id, qty: [x], "k-1": y, [z]: w, ...others }, [p, , { q }, ...r] = [], ...rest) {}»',
    );
    assert.deepEqual(names?.parameters, [
      'a',
      'b',
      '{ id, qty, "k-1", […], ...others }',
      '[p, , {…}, ...r]',
      '...rest',
    ]);
    assert.deepEqual(names.parametersCopied, [true, true, true, true, true]);
    const long = namesOf('f = «({ a, b, c, d, e, f, g, h }) => {}»');
    assert.deepEqual(long?.parameters, ['{ a, b, c, d, e, f, … }']);
  });

  test('whether a parameter was copied', () => {
    const captured = namesOf('function f«(a, b, c) { b = 1; return () => c; }»');
    assert.deepEqual(captured?.parametersCopied, [false, false, true]);
    const aliased = namesOf('function f«(a, b) { return arguments; }»');
    assert.deepEqual(aliased?.parametersCopied, [true, true]);
    const strict = namesOf('"use strict"; function f«(a, b) { return arguments; }»');
    assert.deepEqual(strict?.parametersCopied, [false, false]);
  });

  test('kind, class and flags', () => {
    const told = (marked: string, name?: string): unknown => {
      const names = namesOf(marked, {}, name);
      assert.ok(names);
      const flags = [names.isAsync ? 'async' : '', names.isGenerator ? 'generator' : ''];
      return [...flags, names.kind, names.className].filter(Boolean).join(' ');
    };
    assert.equal(told('function f«() {}»'), 'function');
    assert.equal(told('async function* f«() {}»'), 'async generator function');
    assert.equal(told('f(«async () => 1»)'), 'async arrow');
    assert.equal(told('class A { m«() {}» }'), 'method A');
    assert.equal(told('class A { static async m«() {}» }'), 'async method A');
    assert.equal(told('x.B = class { get p«() {}» }'), 'getter B');
    assert.equal(told('const C = class { set p«(v) {}» }'), 'setter C');
    assert.equal(told('class A extends B { constructor«() { super(); }» }'), 'constructor A');
    assert.equal(told('({ m«() {}» })'), 'method');
    assert.equal(told('({ get m«() {}» })'), 'getter');
    assert.equal(
      told('x = «class A { a = 1; }»', '<instance_members_initializer>'),
      'class-fields A',
    );
    assert.equal(told('x = «»class A { a = 1; }', 'A'), 'constructor A');
    assert.equal(told('«let a = 1; a;»'), 'script');
    assert.equal(told('«export let a = 1;»'), 'module');
  });

  test('initialisers, wherever V8 says that they are', () => {
    const source =
      'x = class Q { a = class { b = 1 }; static c = 2; m() {} static { let d = 3; f(d); } };';
    const names = parseScriptNames(source, { v8Version: '13.6' });
    const at = (start: string, end: string, name: string): unknown => {
      const found = names?.find(source.indexOf(start), source.indexOf(end) + end.length, name);
      return [found?.kind, found?.className, ...(registerNames(found ?? null) ?? [])];
    };
    const statics = ['class-fields', 'Q', 'd'];
    assert.deepEqual(at('class Q', '} }', '<static_initializer>'), statics);
    assert.deepEqual(at('{ a', '} }', '<static_initializer>'), statics);
    assert.deepEqual(at('static c', 'f(d); }', '<static_initializer>'), statics);
    const instance = '<instance_members_initializer>';
    assert.deepEqual(at('a = ', '1 }', instance), ['class-fields', 'Q']);
    assert.deepEqual(at('b = ', '1', instance), ['class-fields', 'a']);
    assert.deepEqual(at('b = ', '1', '<static_initializer>'), [undefined, undefined]);
    const begin = source.indexOf('class Q');
    assert.equal(names?.find(begin, begin, 'Q')?.className, 'Q');
  });

  test('ranges in which a value is current', () => {
    const source =
      'function f() { var v = 0; for (;;) { g(); const a = h(); { let v = 1; g(v); } g(a); } }';
    const names = parseScriptNames(source, { v8Version: '13.6' })?.find(10, source.length);
    const shown = (text: string): unknown =>
      names?.registers
        .filter((register) => register !== null && isVisible(register, source.indexOf(text)))
        .map((register) => register?.name);
    assert.deepEqual(shown('g();'), ['v']);
    assert.deepEqual(
      shown('h()'),
      ['v'],
      'before its declaration, a is that of the last iteration',
    );
    assert.deepEqual(shown('g(a)'), ['v', 'a']);
    assert.deepEqual(shown('g(v)'), ['a', 'v'], 'the inner v, not the one it hides');
    assert.equal(names?.registers.find((register) => register?.name === 'a')?.lexical, true);
    assert.equal(names.registers.find((register) => register?.name === 'v')?.lexical, false);
  });
});

suite('what the source does not tell', () => {
  test('text that is not JavaScript', () => {
    assert.equal(parseScriptNames('let x: number = 1;'), null);
    assert.equal(parseScriptNames('(('), null);
  });

  test('places where no function is, or more than one', () => {
    const names = parseScriptNames('(a) => { let b = 1; return b; }');
    assert.equal(names?.find(3, 9), null);
    assert.equal(names.find(0, 31), null, 'the whole script, or the arrow that fills it');
  });

  test('a version that was not tested: only what all versions agree on', () => {
    const source =
      'class A extends B { constructor«() { super(); let a = 1; if (a) return {}; { let b = 2; f(b); } f(a); }» }';
    const withVersion = (v8Version: string): unknown =>
      registerNames(namesOf(source, { v8Version }));
    assert.deepEqual(withVersion('11.3.244'), [undefined, undefined, 'a', undefined, 'b']);
    assert.deepEqual(withVersion('13.6.233'), [undefined, undefined, 'a', 'b']);
    assert.deepEqual(withVersion('99.1.1'), [undefined, undefined, 'a', undefined, undefined]);
  });

  test('code of an eval, whose strictness comes from its caller', () => {
    const source = 'function f«(p) { { function g() {} g(); } let a = 1; return a + p + g; }»';
    assert.deepEqual(registerNames(namesOf(source)), ['a', 'g', 'g']);
    assert.deepEqual(registerNames(namesOf(source, { isEval: true })), ['a', undefined, undefined]);
    assert.deepEqual(namesOf('«let a = 1; { let b = 2; }»', { isEval: true })?.registers, []);
  });

  test('very deep and very long sources end in an answer', () => {
    const chain = `function f() { let a = 1; return a${'.b()'.repeat(50_000)}; }`;
    const names = parseScriptNames(chain)?.find(10, chain.length);
    assert.deepEqual(registerNames(names ?? null), ['a']);
    const nested = `function f() { let a = 1; return ${'('.repeat(50_000)}a${')'.repeat(50_000)}; }`;
    assert.equal(parseScriptNames(nested)?.find(10, nested.length) ?? null, null);
    const blocks = `function f() { ${'{ let a = 1; '.repeat(500)}${'}'.repeat(500)} }`;
    assert.equal(parseScriptNames(blocks)?.find(10, blocks.length)?.registers.length, 500);
  });
});
