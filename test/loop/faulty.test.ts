/** Reading an event loop out of corrupt memory ends, within its bounds, without an exception. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { limits } from '#dist/limits.js';
import { Heap } from '#dist/reader/heap/heap.js';
import { findTimerCallback } from '#dist/reader/loop/environment.js';
import { findMainLoop } from '#dist/reader/loop/event-loop.js';
import type { StackBounds } from '#dist/reader/loop/find-loops.js';
import { readHandles } from '#dist/reader/loop/handles.js';
import type { LoopSymbols } from '#dist/reader/loop/symbols.js';
import { runTimers } from '#dist/reader/loop/symbols.js';
import { readThreadpool } from '#dist/reader/loop/threadpool.js';
import { readTimers } from '#dist/reader/loop/timers.js';
import { LiveMemory } from '#dist/reader/memory/live.js';
import { PagedMemory } from '#dist/reader/memory/paged.js';
import type { MemorySource } from '#dist/reader/memory/source.js';
import { UnreadableMemory } from '#dist/reader/memory/source.js';
import { Target } from '#dist/reader/target.js';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';

const rounds = 300;
/** Reads of pages in one round: an intact target needs some hundred. */
const maxReads = 60_000;

/** Numbers from a seed: a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Spoils one page in `every`: makes it unreadable, or puts other words into it, some of them pointers of its own. */
class FaultyMemory implements MemorySource {
  reads = 0;
  faults = 0;
  readonly #intact: MemorySource;
  readonly #random: () => number;
  readonly #every: number;

  constructor(intact: MemorySource, random: () => number, every: number) {
    this.#intact = intact;
    this.#random = random;
    this.#every = every;
  }

  read(address: number, out: Uint8Array): number {
    assert.ok(++this.reads < maxReads, 'the reads are bounded');
    const count = this.#intact.read(address, out);
    if (this.#random() * this.#every >= 1) return count;
    this.faults++;
    if (this.#random() < 0.2) return 0;
    const words = Buffer.from(out.buffer, out.byteOffset, out.byteLength);
    for (let i = 0; i < 40; i++) {
      const at = Math.floor(this.#random() * (words.length / 8)) * 8;
      const from = Math.floor(this.#random() * (words.length / 8)) * 8;
      if (this.#random() < 0.5) words.copy(words, at, from, from + 8);
      else words.writeDoubleLE(this.#random() * 2 ** 48, at);
    }
    return count;
  }
}

function tolerate<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

/** The pool's threads, with as much stack as is searched. */
function poolThreads(memory: PagedMemory, symbols: LoopSymbols): StackBounds[] {
  const variable = (name: 'nthreads' | 'threads') => symbols.get(name)?.value ?? 0;
  const handles = memory.u64(variable('threads'));
  return Array.from({ length: memory.u32(variable('nthreads')) }, (_, i) => {
    const fsBase = memory.u64(handles + i * 8);
    return { tid: i, fsBase, rsp: fsBase - limits.maxStackSearchBytes };
  });
}

test('corrupt pages give less, never an exception or a loop without end', async (t) => {
  const pid = (await spawnProgram(t, path.join(root, 'test/loop/programs/loop.mjs'))).pid;
  const target = new Target(pid);
  const live = new LiveMemory(pid);
  const intact = new PagedMemory(live);
  const address = findMainLoop(target, intact, 0);
  assert.ok(address !== null);
  const place = { tid: pid, address };
  const symbols = target.binary.loopSymbols;
  const run = symbols.get(runTimers)?.value ?? null;
  const whole = readHandles(intact, place, { runTimers: run, nowMs: 0 });
  assert.ok(whole.environmentTimer !== null);
  const find = (memory: PagedMemory, timer: number) =>
    findTimerCallback(new Heap(memory, target.layout), target.binary, 0, timer);
  const callback = find(intact, whole.environmentTimer);
  assert.ok(callback !== null);
  const threads = poolThreads(intact, symbols);
  let faults = 0;
  let incompletes = 0;
  for (let seed = 1; seed <= rounds; seed++) {
    const random = randomFrom(seed);
    const source = new FaultyMemory(live, random, 2 + (seed % 20));
    const memory = new PagedMemory(source);
    const heap = new Heap(memory, target.layout);
    const handles = tolerate(() => readHandles(memory, place, { runTimers: run, nowMs: 0 }));
    assert.ok((handles?.handles.length ?? 0) <= whole.handles.length + 1);
    tolerate(() => readThreadpool({ memory, threads, loops: [place], symbols, loadBias: 0 }));
    if (seed % 10 === 0) find(memory, whole.environmentTimer);
    const { timers, incomplete } = readTimers(heap, target.scripts, {
      handle: callback,
      tid: pid,
      endsAtMs: Infinity,
      withValues: true,
    });
    if (incomplete !== null) incompletes++;
    assert.ok(timers.reduce((sum, { count }) => sum + count, 0) <= limits.maxTimers);
    faults += source.faults;
  }
  assert.ok(faults > rounds, 'the faults were met');
  assert.ok(incompletes > rounds / 10, 'what was lost is said');
});
