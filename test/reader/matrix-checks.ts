/** What one reading of test/reader/programs/tiers.cjs must hold, by tier and workload. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { ThreadReading } from '#dist/reader/reading.js';
import type { Frame, Task } from '#dist/report/schema.js';
import { program, variables } from './reading.ts';

/** What a Worker of the program says of itself. */
export interface Told {
  readonly role: string;
  readonly tier?: string;
  /** Previews by variable. */
  readonly values?: Readonly<Record<string, string>>;
  /** Lines of error.stack. */
  readonly stack?: readonly string[];
}

export interface Seen {
  readonly threads: readonly ThreadReading[];
  readonly tasks: readonly Task[];
}

/** One cell of the table. */
export interface Found {
  readonly tier: string;
  readonly workload: 'call' | 'values' | 'loop' | 'loop values';
  readonly cell: string;
}

export const file = program('tiers.cjs');
const lines = fs.readFileSync(file, 'utf8').split('\n');
const everything = 'all';

function lineOf(text: string): number {
  const line = lines.findIndex((candidate) => candidate.includes(text)) + 1;
  assert.ok(line > 0, text);
  return line;
}

/** The thread with a frame of this name in this tier. */
function threadIn({ threads }: Seen, name: string, tier: string): ThreadReading {
  const thread = threads.find(({ frames }) =>
    frames.some((frame) => frame.function === name && frame.tier === tier),
  );
  assert.ok(thread, `a thread stands in ${name}, ${tier}: ${threads.map(summary).join('; ')}`);
  return thread;
}

function summary({ frames, note = '' }: ThreadReading): string {
  return frames
    .filter(({ kind }) => kind === 'js' || kind === 'wasm')
    .slice(0, 4)
    .map((frame) => `${frame.function} ${frame.tier ?? ''}`)
    .join(' < ')
    .concat(note);
}

const callers = ['kinds', 'check', 'sumOf', 'Basket.total', 'calls'];

/** Names, lines and columns from the call outwards against error.stack, and every variable. */
export function checkCall(seen: Seen, tier: string, { stack = [], values = {} }: Told): Found[] {
  const { frames } = threadIn(seen, 'calls', tier);
  const from = frames.findIndex((frame) => frame.function === 'kinds');
  const own = frames.slice(from, from + callers.length);
  assert.deepEqual(
    own.map((frame) => `${frame.function} ${frame.tier ?? ''}`),
    callers.map((name) => `${name} ${tier}`),
  );
  const at = stack.findIndex((line) => line.includes(' kinds ('));
  assert.deepEqual(
    own.map(({ line = 0, column = 0 }) => `${line}:${column}`),
    stack.slice(at, at + callers.length).map((line) => /(\d+:\d+)\)?$/.exec(line)?.[1]),
  );
  const [kinds, ...others] = own;
  checkCallers(others);
  const found = kinds === undefined ? {} : variables(kinds);
  const names = Object.keys(values);
  assert.ok(names.length > 65);
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, found[name]])), values);
  return [
    { tier, workload: 'call', cell: everything },
    { tier, workload: 'values', cell: `${everything} ${names.length}` },
  ];
}

function checkCallers(frames: readonly Frame[]): void {
  const stop = '[Function stop]';
  const basket = 'Basket {items: [1, 2, 3]}';
  const expected = [
    { this: 'undefined', sum: '6', stop, limit: '6.5' },
    { this: 'undefined', items: '[1, 2, 3]', stop, sum: '3' },
    { this: basket, rate: '2', stop },
    { this: 'undefined', stop, basket },
  ];
  frames.forEach((frame, i) => {
    const found: Record<string, string | undefined> = {
      this: frame.receiver?.preview,
      ...variables(frame),
    };
    const wanted = expected[i] ?? {};
    assert.deepEqual(
      Object.fromEntries(Object.keys(wanted).map((name) => [name, found[name]])),
      wanted,
    );
  });
}

/** What is not known of an optimised loop says so; the rest is right. */
export function checkLoop(seen: Seen, tier: string): Found[] {
  const { frames } = threadIn(seen, 'loops', tier);
  // A loop calls C++ now and then: to ask for interrupts, or to compile.
  const [top, caller] = frames.filter(({ kind }) => kind === 'js');
  assert.ok(top?.function === 'loops' && top.line !== undefined, 'innermost');
  const first = lineOf('while (steps !== rounds)');
  assert.ok(top.line >= first && top.line <= first + 4, `line ${top.line}`);
  assert.equal(caller?.function, 'spins');
  const expected: Readonly<Record<string, RegExp>> = {
    rounds: /^-1$/,
    label: /^"steady"$/,
    goal: /^\{value: -10\.25\}$/,
    nearest: /^10\.25$/,
    tag: /^"T-steady"$/,
    steps: /^\d+$/,
    gap: /^\d+(\.\d+)?$/,
  };
  const all = [...top.arguments, ...top.locals];
  const known = all.filter(({ value }) => value.reason === undefined);
  for (const { name, value } of known) assert.match(value.preview, expected[name] ?? /$^/, name);
  const isKnown = (name: string): boolean => known.some((one) => one.name === name);
  for (const name of ['rounds', 'label', 'goal']) assert.ok(isKnown(name), `argument ${name}`);
  // Of optimised code it depends on where the loop stood, and on how busy the machine is: the least is told.
  const isOptimised = tier === 'maglev' || tier === 'turbofan';
  if (!isOptimised)
    for (const name of ['nearest', 'tag', 'steps']) assert.ok(isKnown(name), `local ${name}`);
  return [
    { tier, workload: 'loop', cell: everything },
    { tier, workload: 'loop values', cell: isOptimised ? 'arguments' : everything },
  ];
}

export function checkWasm(seen: Seen, tier: string): Found[] {
  const expected = {
    call: ['stand', 'back', 'shop_middle', 'run'],
    loop: ['shop_spin', 'wasm'],
  };
  return (['call', 'loop'] as const).map((workload) => {
    const { frames } = threadIn(seen, workload === 'call' ? 'shop_middle' : 'shop_spin', tier);
    const names = frames
      .filter(({ kind }) => kind === 'js' || kind === 'wasm')
      .map((frame) => frame.function);
    assert.deepEqual(names.slice(0, expected[workload].length), expected[workload]);
    return { tier: `wasm ${tier}`, workload, cell: everything };
  });
}

export function checkTasks({ tasks }: Seen): Found[] {
  const task = tasks.find((one) => one.function === 'waits');
  assert.equal(task?.line, lineOf('// @waits'));
  assert.deepEqual(
    [...task.arguments, ...task.locals].map(({ name, value }) => `${name} = ${value.preview}`),
    ['order = {id: "A-17", price: 2.5, listeners: [[Function (anonymous)]]}', 'total = 5'],
  );
  return (['call', 'values'] as const).map((workload) => ({
    tier: 'suspended',
    workload,
    cell: everything,
  }));
}
