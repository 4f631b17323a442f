import type { Programs } from './comparison.ts';

/**
 * One small function per construct of the language, sloppy code. `probe(a, b);` asks where a and b are; `__run` calls a
 * function later (compiled on its own), `(function () {})()` is compiled together with the code around it.
 */
const sloppyConstructs: Readonly<Record<string, string>> = {
  'blocks, last sibling first':
    'function blocks(p) { const a = 1; { let b = 2; probe(b); { let c = 3; probe(c); } } { let d = 4; var v = 5; probe(d, a, v, p); } } __run(blocks);',
  'unused variables take no register, initialised ones do':
    'function unused() { var none; let some; const other = 1; function nobody() {} var last = 2; { let inner = 3; probe(inner); } probe(last); } __run(unused);',
  'captured variables':
    'function captured(p, q) { let a = 1, b = 2, c = 3; probe(a, b, c, p, q); return () => b + q; } __run(captured);',
  'captured two functions further in':
    'function further() { let a = 1, b = 2; function one() { let c = 3; probe(c); return function two() { return a + c; }; } __run(one); probe(a, b); } __run(further);',
  'names hidden by inner scopes':
    'function hidden() { let a = 1; { probe(a); } { let a = 2; probe(a); { let a = 3; probe(a); __run(() => a); } } probe(a); } __run(hidden);',
  'simple parameters redeclared':
    'function again(p, q) { var p; var q = 1; let a = 2; probe(p, q, a); } __run(again);',
  'function with the name of a parameter':
    'function same(p) { function p() {} let a = 1; probe(p, a); } __run(same);',
  'default and rest parameters':
    'function defaults(p, q = 1, r = () => q, ...s) { let a = 2; probe(p, q, r, s, a); } __run(defaults);',
  'destructured parameters':
    'function taken({ a, b: { c = 1 } = {} } = {}, [d, , ...e] = [], ...[f]) { let g = 1; probe(a, c, d, e, f, g); } __run(taken);',
  'var with the name of a destructured parameter':
    'function twice({ a }, b = 1) { var a; var b = 2; var c = 3; probe(a, b, c); } __run(twice, {});',
  'class in a default parameter':
    'function classed(p = class Q extends (Q => Q)(Object) {}, q = 1) { let a = 1; probe(p, q, a); } __run(classed);',
  'arguments, mapped':
    'function mapped(p, q) { let a = 1; probe(p, q, a, arguments); __id(arguments); } __run(mapped);',
  'arguments, strict':
    'function unmapped(p, q) { "use strict"; let a = 1; { let b = 1; probe(b); } probe(p, q, a, arguments); } __run(unmapped);',
  'arguments, declared':
    'function own(p) { var arguments; let a = 1; probe(p, a, arguments); } __run(own);',
  'arguments, lexical':
    'function lexical(p) { let arguments = 1; let a = 1; probe(p, a, arguments); } __run(lexical);',
  'arguments, parameter':
    'function given(arguments) { let a = 1; probe(a, arguments); } __run(given);',
  'arguments in an arrow':
    'function around(p) { let a = 1; const f = () => arguments; probe(p, a, f); } __run(around);',
  'this and new.target':
    'function target() { let a = 1; const f = () => this; { let b = 2; probe(b); } __id(new.target); probe(a, f); } __run(target);',
  'new.target in an arrow':
    'function targets() { let a = 1; const f = () => new.target; { let b = 2; probe(b); } probe(a, f); } __run(targets);',
  'name of a function expression':
    '__run(function self(p) { let a = 1; { let b = 2; probe(b); } probe(self, p, a); }); __run(function self() { let a = 1; probe(a); return () => self; }); __run(function self() { var self = 1; let a = 1; probe(a, self); });',
  'name of a function expression, destructured':
    '__run(function self({ x } = {}) { let a = 1; probe(self, x, a); { let b = 1; probe(b); } });',
  'functions in blocks':
    'function annexB() { probe(f, g); { function f() {} __id(f); let a = 1; probe(f, a); } if (__id(1)) function g() {} { let h = 1; { function h() {} probe(h); } } var z = 1; probe(z); } __run(annexB);',
  'function in a block twice':
    'function redo() { { function f() {} { function f() {} probe(f); } probe(f); } let a = 1; probe(a, f); } __run(redo);',
  'function in a block with the name of a parameter':
    'function kept(f) { { function f() {} probe(f); } let a = 1; probe(a, f); } __run(kept); function kept2({ f }) { { function f() {} probe(f); } let a = 1; probe(a, f); } __run(kept2, {});',
  'async function in a block':
    'function later() { { async function f() {} probe(f); } { function* g() {} probe(g); } let a = 1; probe(a); } __run(later);',
  'functions in strict blocks':
    'function strict() { "use strict"; { function f() {} probe(f); } let a = 1; probe(a); } __run(strict);',
  'function in a catch block':
    'function caught() { try { throw 1; } catch (f) { { function f() {} } } let a = 1; probe(a); } __run(caught);',
  'for without closures':
    'function loops() { for (let i = 0, j = 1; i < 1; i++) { let k = i; probe(i, j, k); } for (var v = 0; v < 1; v++) { let w = v; probe(v, w); } } __run(loops);',
  'for with closures':
    'function copies() { for (let i = 0, j = 1; i < 1; i++) { let k = i; __run(() => i); probe(i, j, k); } for (let i = 0; i < 1;) { let k = 1; __run(() => k); probe(i, k); break; } let last = 1; probe(last); } __run(copies);',
  'for with a closure in its head':
    'function heads() { for (let i = 0, f = () => i; i < 1; i++) { probe(i, f); } for (const c = 1, g = () => 1; __id(1);) { probe(c, g); break; } } __run(heads);',
  'for-in, for-of':
    'function each() { for (const a of [1]) { let b = a; probe(a, b); } for (let c in { x: 1 }) { probe(c); } for (var v of [1]) probe(v); var w; for (w in { x: 1 }) probe(w); let z = 1; probe(z); } __run(each);',
  'for-of with patterns':
    'function patterns() { for (const { a, b = 1 } of [{}]) { let c = 1; probe(a, b, c); } for (let [d, ...e] of [[1]]) { __run(() => d); probe(d, e); } for (var [v] of [[1]]) probe(v); } __run(patterns);',
  'for-of whose names the right side captures':
    'function dead() { for (const a of [(() => { try { return a; } catch { return 1; } })()]) { let b = a; probe(a, b); } } __run(dead);',
  'for-of over a class':
    'function over() { for (const a of [class B extends (B => Object)() {}]) { let b = 1; probe(a, b); } } __run(over);',
  switch:
    'function choose(p) { switch (__id(p)) { case 1: let a = 1; probe(a); default: const b = 2; probe(b); function f() {} probe(f); } switch (p) { case 2: probe(p); } let z = 1; probe(z); } __run(choose);',
  'try, catch, finally':
    'function guard() { try { let a = 1; probe(a); throw a; } catch (e) { let b = 2; probe(e, b); } finally { let c = 3; probe(c); } try { throw {}; } catch ({ m, n: [o] = [1] }) { let d = 4; probe(m, o, d); } try { throw 1; } catch { let f = 5; probe(f); } } __run(guard);',
  'var in a catch block':
    'function masks() { try { throw 1; } catch (e) { var e = 2; var f = 3; probe(e, f); for (var e in {}); } probe(e); let z = 1; probe(z); } __run(masks);',
  labels:
    'function labels() { out: { let a = 1; for (;;) { let b = 2; probe(a, b); break out; } } in2: for (let i = 0; ; ) { probe(i); break in2; } } __run(labels);',
  generators:
    'function* make(p) { let a = 1; for (const b of [1]) { const c = yield b; probe(a, b, c, p); } } __run(make);',
  'async functions':
    'async function wait(p) { const a = await 1; for await (const b of [1]) { let c = b; probe(a, b, c, p); } for await (var v of [1]) probe(v); for await (p of [1]) { let d = 1; probe(d); } try { await 1; } finally { let e = 1; probe(e); } } __run(wait);',
  'async generators with patterns':
    'async function* flow({ a } = {}, ...b) { let c = 1; yield c; probe(a, b, c); } __run(flow);',
  arrows:
    "function arrows() { const one = (p, { q } = {}, ...r) => { let a = 1; switch (a) { case 1: let b = 2; probe(b); } probe(p, q, r, a); for (const c of [1]) probe(c); }; __run(one); const two = async ({ q } = {}, ...r) => { let a = await 1; for (const c of [1]) probe(c, q, r, a); }; __run(two); const three = (a) => __c && __use('a@9001', a); __run(three, 1); } __run(arrows);",
  'arrows called at once':
    '((p, { q } = {}, ...r) => { let a = 1; for (const c of [1]) probe(c); probe(p, q, r, a); })(); (async ([q] = [], ...r) => { let a = 1; for (let c of [1]) probe(c); probe(q, r, a); })();',
  'functions called at once':
    '(function (p, { q } = {}) { let a = 1; const b = () => a; { let c = 1; probe(c); } probe(p, q, a, b); })(); !function () { var v = 1; for (let i = 0; i < 1; i++) probe(i, v); }();',
  classes:
    'function classes() { class A { constructor(p) { let a = 1; probe(p, a); } get g() { let b = 1; probe(b); return b; } static s(...r) { let c = 1; probe(r, c); } async *h({ x } = {}) { let d = 1; probe(x, d); } } let e = 1; __new(A); __run(() => new A().g); __run(A.s); __run(() => new A().h().next()); probe(A, e); } __run(classes);',
  'class expressions':
    'function named() { const a = class B { static self = () => B; }; const c = class extends a {}; const d = class E { [__id("k")]() { return E; } }; let f = 1; probe(a, c, d, f); } __run(named);',
  'class that names itself in its own scope':
    'function inward() { let a; try { a = class B extends (class { static [__id(typeof 1)] = 1; }) { static [(() => 1)()] = 2; static #m() {} static n() { return this.#m(); } [__id("x")] = 3; }; } catch {} try { class C extends __id(C) {} } catch {} let z = 1; probe(a, z); } __run(inward);',
  'derived constructors':
    'class Derived extends Object { constructor(p) { super(); let a = 1; if (__id(0)) return {}; { let b = 2; probe(b); } probe(p, a); for (const c of [1]) { probe(c); if (__id(0)) return; } return undefined; } } __new(Derived, 1); class Later extends Object { constructor() { const f = () => super(); f(); let a = 1; { let b = 1; probe(b); } probe(a, f); } } __new(Later);',
  'fields and static blocks':
    'function fields() { class F { a = () => this; static b = 1; static { let c = 1; var v = 2; { let d = 3; probe(d); } probe(c, v); } static { let e = 1; __run(() => e); let f = 2; probe(e, f); } #p = 1; m() { let g = this.#p; probe(g); } } __run(() => new F().m()); let z = 1; probe(z); } __run(fields);',
  'private names':
    'function secret() { class S { #a = 1; get #b() { let c = 1; probe(c); return c; } m(o) { const d = #a in o; let e = this.#b; probe(d, e); } } __run(() => new S().m({})); } __run(secret);',
  'object literals':
    'function literal() { const o = { m(p) { let a = 1; probe(p, a); return super.toString; }, get g() { let b = 1; probe(b); return 1; }, set g(v) { let c = 1; probe(v, c); }, async f() { let d = 1; probe(d); } }; __run(() => o.m()); __run(() => o.g); __run(() => (o.g = 1)); __run(() => o.f()); let z = 1; probe(o, z); } __run(literal);',
  'object with super beside other scopes':
    'function beside() { let a = 1; { const o = { m() { return super.x; }, k: class K extends (K => Object)() {} }; let b = 1; probe(o, b); } { let c = 1; probe(c); } probe(a); } __run(beside);',
  'assignment patterns':
    'function assign() { let a, b, c; ({ a, b: [b = 1] = [1], ...c } = {}); [a, ...b] = [1]; for ([a] of [[1]]) probe(a); for ({ b } of [{}]) probe(b); probe(a, b, c); } __run(assign);',
  'expressions of all kinds':
    'function all(p) { let a = p?.x ?? 1; a ||= 2; a &&= 3; a **= 2; const t = `${a}${`${p}`}`; const s = [...[1], a]; const o = { a, ...p, [t]: 1 }; const r = __id`x${a}`; probe(a, t, s, o, r); do { let i = a--; probe(i); } while (!__id(1)); probe(p); } __run(all);',
  'direct eval':
    'function evals(p) { let a = 1; { let b = 2; eval(""); probe(b); } { let c = 3; probe(c); } for (const d of [1]) { let e = 1; probe(d, e); } probe(a, p); } __run(evals);',
  'direct eval in a closure':
    'function evals2(p) { let a = 1; { let b = 2; probe(b); __run(() => eval("")); } { let c = 3; probe(c); } probe(a, p); } __run(evals2);',
  'direct eval in a strict closure':
    'function evals3() { "use strict"; let a = 1; { let b = 2; probe(b); __run(() => eval("")); } { let c = 3; probe(c); } probe(a); } __run(evals3);',
  'indirect eval':
    'function evals4() { let a = 1; (0, eval)(""); eval?.(""); probe(a); } __run(evals4);',
  with: 'function withs(p) { let a = 1, b = 2, c = 3; with ({ x: 1 }) { __id(a); let d = 4; var v = 5; var w; probe(d); } { let e = 1; probe(e); } probe(b, c, v, w, p); } __run(withs);',
  'with and functions':
    'function withs2() { let a = 1; with ({}) { function f() { return a; } let b = 2; probe(b); } let c = 3; probe(c); } __run(withs2);',
  'many registers': `function many() { ${Array.from({ length: 300 }, (_, index) => `let m${index} = ${index};`).join(' ')} { let inner = 1; probe(inner); } probe(m0, m127, m128, m255, m256, m299); } __run(many);`,
  'generator that is only prepared':
    'function* lazy(p, q = 1) { var v = 1; try { yield v; } finally { let a = 1; probe(a); } switch (1) { case 1: let b = 1; probe(b, v, q); } } __run(lazy);',
};

/** The same in modules, at their top level: it is a function too. */
const moduleConstructs: Readonly<Record<string, string>> = {
  'imports and exports':
    "import fs, { readFileSync as read } from 'node:fs'; import * as os from 'node:os'; export const a = 1; const b = 2; let c = 3; export { c as d }; export default function e() {} export * as path from 'node:path'; var f; function g() {} { let h = 1; probe(h); } probe(fs, read, os, a, b, c, e, f, g);",
  'namespaces handed on':
    "import * as os from 'node:os'; let a = 1; export { os }; export * as path from 'node:path'; let b = 2; export * from 'node:fs'; export * as 'other name' from 'node:url'; let c = 1; { let d = 1; probe(d); } probe(a, b, c, os);",
  'captured by functions':
    'let a = 1, b = 2; function f() { return a; } { let c = 1; __run(() => c); let d = 2; probe(c, d); } probe(a, b, f);',
  'default expression':
    'const a = 1; export default () => a; let b = 2; { let c = 3; probe(c); } probe(a, b);',
  'default class':
    'export default class extends Object { constructor() { super(); let a = 1; probe(a); } } let b = 1; { let c = 1; probe(c); } probe(b);',
  'loops and finally':
    'for (const a of [1]) { try { let b = 1; probe(b); } finally { let c = 1; probe(c); } try { probe(a); } finally { continue; } } l: { try { break l; } finally { let d = 1; probe(d); } } while (__id(0)) { try { 1; } finally { 2; } } let z = 1; probe(z);',
  'top-level await':
    'const a = await 1; for (const b of [1]) { try { let c = 1; probe(c); } finally { let d = 1; probe(d); } } for await (const e of [1]) probe(e); probe(a);',
  'classes and switch':
    'class A { static { let s = 1; probe(s); } } switch (__id(1)) { case 1: let b = 1; probe(b); } for (let i = 0; i < 1; i++) { __run(() => i); let j = 1; probe(i, j); } probe(A);',
};

/** The top level of a classic script: only what is inside its blocks has registers. */
const scriptConstructs: Readonly<Record<string, string>> = {
  blocks:
    'let top = 1; var v = 2; { let a = 1; probe(a, top, v); } for (let i = 0; i < 1; i++) { let b = 1; probe(i, b); } function f() { let c = 1; probe(c); } __run(f);',
  'completion value':
    'if (__id(1)) { let a = 1; probe(a); } for (const b of [1]) { try { let c = 1; probe(b, c); } finally { let d = 1; probe(d); } } switch (1) { case 1: let e = 1; probe(e); }',
  'no completion value':
    "var v = __id(1); { let a = __id(2); var w = __c && __use('a@9001', a); class C {} }",
  'functions in blocks':
    '{ function f() {} let a = 1; probe(f, a); } try { throw 1; } catch ({ x }) { let b = 1; probe(x, b); }',
};

/** Replaces `probe(a, b);` by the calls that bytecode-oracle.ts looks for. */
function withProbes(source: string): string {
  let count = 0;
  return source.replaceAll(/\bprobe\(([^)]*)\);/g, (_, names: string) =>
    names
      .split(', ')
      .map((name) => `__c && __use('${name}@${count++}', ${name});`)
      .join(' '),
  );
}

/** All constructs, each as a program of its own. */
export const constructs: Programs = Object.fromEntries(
  (
    [
      ['commonjs', sloppyConstructs],
      ['module', moduleConstructs],
      ['script', scriptConstructs],
    ] as const
  ).flatMap(([kind, sources]) =>
    Object.entries(sources).map(([title, source]) => [
      `${kind}: ${title}`,
      { kind, source: withProbes(source) },
    ]),
  ),
);
