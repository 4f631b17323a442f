/** What is stepped over is found again: lazily parsed programs say of each function what whole ones say. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { type AnyNode, type Options, parse, type Program } from 'acorn';
import { findClosingBrace } from '#dist/reader/names/closing-brace.js';
import { parseScriptNames } from '#dist/reader/names/function-names.js';
import { findFunctions, type FoundFunction } from '#dist/reader/names/function-search.js';
import { LazyProgram, PutOff } from '#dist/reader/names/lazy-parser.js';
import { childrenOf } from '#dist/reader/names/visit.js';
import { type FunctionNode, isFunction } from '#dist/reader/names/visit-function.js';
import { root } from '../harness/paths.ts';

/** Programs of all styles: written by hand, compiled, bundled, minified. */
const corpus = [
  ...[
    'acorn/dist/acorn.mjs',
    'commander/lib',
    'valibot/dist/index.mjs',
    'preact/dist',
    'yaml/dist',
  ],
  ...[
    'eslint/lib',
    '@eslint/plugin-kit/dist',
    'typescript/lib/_tsc.js',
    'prettier/index.mjs',
    'pino/lib',
    'msgpackr',
    'playwright-core/lib/utilsBundleImpl',
  ],
].map((name) => path.join(root, 'node_modules', name));
corpus.push(path.join(root, 'dist/view/app/main.js'));

function filesIn(place: string): string[] {
  if (!fs.existsSync(place)) return [];
  if (fs.statSync(place).isFile()) return [place];
  const names = fs.readdirSync(place, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.[cm]?js$/.test(name)).map((name) => path.join(place, name));
}

interface Whole {
  readonly file: string;
  readonly text: string;
  readonly program: Program;
  readonly options: Options;
  readonly functions: FunctionNode[];
}

function readWhole(file: string, text = fs.readFileSync(file, 'utf8')): Whole | null {
  for (const sourceType of ['commonjs', 'module'] as const) {
    const options: Options = { ecmaVersion: 'latest', sourceType, allowHashBang: true };
    try {
      const program = parse(text, options);
      return { file, text, program, options, functions: functionsIn(program) };
    } catch {
      // The other kind, or none.
    }
  }
  return null;
}

function functionsIn(program: Program): FunctionNode[] {
  const functions: FunctionNode[] = [];
  const pending: AnyNode[] = [program];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (isFunction(node)) functions.push(node);
    pending.push(...childrenOf(node));
  }
  return functions;
}

const wholes = corpus.flatMap(filesIn).flatMap((file) => readWhole(file) ?? []);

/** Everything that is told of a function, its syntax included. */
function told(found: readonly FoundFunction[]): unknown {
  const plain = (_: string, value: unknown): unknown =>
    typeof value === 'bigint' || value instanceof RegExp ? String(value) : value;
  return JSON.parse(JSON.stringify(found, plain));
}

function compare({ file, text, program, options, functions }: Whole, every: number): void {
  const whole = { program, open: () => undefined, complete: () => undefined };
  const lazy = new LazyProgram(text, options);
  for (let i = 0; i < functions.length; i += every) {
    const node = functions[i];
    assert.ok(node);
    const isArrow = node.type === 'ArrowFunctionExpression';
    const start = isArrow ? node.start : (node.params[0] ?? node.body).start - 1;
    const place = { start, end: node.end, side: null };
    const found = findFunctions(lazy, place);
    for (const { node: match } of found) lazy.complete(match);
    assert.deepEqual(told(found), told(findFunctions(whole, place)), `${file} at ${start}`);
  }
}

suite('functions that were stepped over', () => {
  test('the end of each function of real programs is found', () => {
    let count = 0;
    for (const { file, text, functions } of wholes)
      for (const { body } of functions.filter((one) => one.body.type === 'BlockStatement')) {
        count++;
        assert.equal(findClosingBrace(text, body.start), body.end, `${file} at ${body.start}`);
      }
    assert.ok(count > 10_000, `only ${count}`);
  });

  const blocks: readonly (readonly [name: string, text: string])[] = [
    ['strings', `{ a('}', "\\"}", 'it\\'s }') }`],
    ['templates in templates', '{ `}${ { a: `}${b}}` } }}` }'],
    ['comments', '{ // }\n /* } */ /* // */ }'],
    ['regular expressions', '{ return /[/}]\\/}/.test(a) }'],
    ['divisions', '{ a = b / c; d = (e) / f; g = h[0] / i / j }'],
    ['a division after ++', '{ a = b++ / c; d = "}" / e }'],
    ['words before them', '{ typeof /}/; a.return / 2; case_ / 2; x = a ? /}/ : 1 }'],
    ['a regular expression after a block', '{ if (a) { }\n /}/.test(b) }'],
    ['a division after an object', '{ a = { } / 2; b = "}" }'],
  ];
  for (const [name, text] of blocks)
    test(`braces: ${name}`, () => {
      assert.equal(findClosingBrace(`${text} }`, 0), text.length);
    });

  test('braces: none', () => {
    for (const text of ['{', '{ "', '{ `${', '{ /* }', '{ // }', '{ {}'])
      assert.equal(findClosingBrace(text, 0), -1, text);
  });

  test('functions of real programs are told as if all had been parsed', () => {
    for (const whole of wholes) compare(whole, Math.ceil(whole.functions.length / 25));
  });

  test('while somebody waits, long functions are put off and short ones are not', () => {
    const long = `function long() { let a = 1; ${'a++; '.repeat(500)} function inner() { let b = 2; return b + a; } inner(); }`;
    const text = `${long} function short() { let c = 3; return c; } class Late extends long {}`;
    const names = parseScriptNames(text, { v8Version: '13.6' });
    const find = (name: string, patience?: number) => {
      const start = text.indexOf(`${name}()`) + name.length;
      const end = findClosingBrace(text, text.indexOf('{', start));
      return names?.find(start, end, name, patience)?.registers.map((one) => one?.name);
    };
    assert.deepEqual(find('short', 100), ['c']);
    const late = text.indexOf('class Late');
    assert.equal(names?.find(late, late, 'Late', 100)?.className, 'Late');
    assert.throws(() => find('inner', 100), PutOff);
    assert.throws(() => find('long', 100), PutOff);
    assert.deepEqual(find('inner'), ['b']);
    assert.deepEqual(find('inner', 100), ['b']);
  });

  /** Statements that end in all ways, a long string before each. */
  function longFunction(begin: string): string {
    const statements = [
      `if (a) { b(); } else { (function c() { return 1; })(); }`,
      `if (a) b(); else (function () { d(); })();`,
      `do a(() => { b(); }); while (c(function () { return 2; }))`,
      `var x = { y: function () {}, z() { return () => {}; } }\nfunction w() {}`,
      `Foo.prototype.bar = function () { return this; }; Foo.baz = () => { return 1 };`,
      `label: for (const k of [() => {}]) { (() => {})(); continue label; }`,
      `class A { static b = () => { return ';' }; c() { return /[}]/.test(';'); } }`,
      `switch (a) { case 1: (() => {})(); break; default: (function () {})() }`,
      'const t = `;}${(() => { return "}"; })()};`, u = function () { return [";"] };',
      `for (let i = (function () { return 0; })(); i < 1; i++) { (() => i)(); }`,
      `try { (() => {})(); } catch { (() => {})(); } finally { (() => {})(); }`,
      `a = function () {} /* } */ // ; if\n ;(function () { 'use strict'; b(); })()`,
      `async function e() { await (async () => {})(); }\nasync function* f() { yield () => {}; }`,
      `var g = function () { }\n;[function () {}].map((h) => { h(); })`,
      `var m = function () { }, n = a ? function () { } : () => { }`,
    ];
    const filler = `\nl = '${'long; } '.repeat(600)}'\n`;
    return `function long() { ${begin}${statements.map((one) => filler + one).join('\n')}\n }`;
  }

  for (const [name, begin] of [
    ['strict', `/* licence; */ 'use strict'; // strict`],
    ['sloppy', ''],
  ] as const)
    test(`so is each statement of a long function, without the others: ${name}`, () => {
      const whole = readWhole('long', longFunction(begin));
      assert.ok(whole !== null && whole.functions.length > 30, `only ${whole?.functions.length}`);
      compare(whole, 1);
      const lazy = new LazyProgram(whole.text, whole.options);
      lazy.patience = 10_000;
      const bar = whole.text.indexOf('function () { return this; }');
      const end = findClosingBrace(whole.text, whole.text.indexOf('{', bar));
      const place = { start: whole.text.indexOf('(', bar), end, side: null };
      const [found] = findFunctions(lazy, place);
      assert.equal(found?.isStrict, name === 'strict');
      assert.equal(found.nameAt, whole.text.indexOf('bar = '));
    });

  test('so is each function of a program with everything in it', () => {
    const text = `
      'use strict';
      class A extends B {
        #secret = () => { return () => { this.#secret; }; };
        static { (function own() { new.target; })(); }
        constructor(a, { b = () => { super.c(); } } = {}) { super(a); const d = () => { super(b); }; }
        get e() { return async () => { for await (const x of y) { await x; } }; }
        async *f() { yield* g(function* () { yield 1; }); await (async (h) => { await h; })(); }
        [(() => { return 'i'; })()]() { if (#secret in this) { return import.meta?.url; } }
      }
      const { j = function () { 'use strict'; return arguments; } } = {};
      label: for (const k of [() => {}]) { (function l() { continue_: for (;;) { break continue_; } })(); continue label; }
      export default async function () { return await (() => { return 1; })(); }`;
    const whole = readWhole('everything', text);
    assert.ok(whole !== null && whole.functions.length >= 18);
    compare(whole, 1);
  });
});
