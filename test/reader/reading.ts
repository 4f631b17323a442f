/** What the reader's tests share: the guilty thread of a program, and its frames and variables by name. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { ProcessReading, ThreadReading } from '#dist/reader/reading.js';
import { readProcess } from '#dist/reader/read.js';
import type { Frame, Value } from '#dist/report/schema.js';
import type { NodeName } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';

export function program(name: string): string {
  return path.join(root, 'test/reader/programs', name);
}

/** Official builds of 20 and 22 are made without Maglev; 18 knows none. */
export function optimizersOf(node: NodeName): readonly ('maglev' | 'turbofan')[] {
  return Number(node) < 24 ? ['turbofan'] : ['maglev', 'turbofan'];
}

export function read(pid: number): Promise<ProcessReading> {
  return readProcess(pid, { deadlineMs: 60_000, tasks: false });
}

export function mainThread(reading: ProcessReading, pid: number): ThreadReading {
  const thread = reading.threads.find(({ tid }) => tid === pid);
  assert.ok(thread, 'the main thread was read');
  return thread;
}

/** The innermost frame of a function. */
export function frameOf(thread: ThreadReading, name: string): Frame {
  const frame = thread.frames.find((candidate) => candidate.function === name);
  assert.ok(frame, `${name} is on the stack: ${thread.frames.map((f) => f.function).join(' < ')}`);
  return frame;
}

/** Previews of arguments and locals by name. */
export function variables(frame: Frame): Record<string, string> {
  return Object.fromEntries(
    [...frame.arguments, ...frame.locals].map(({ name, value }) => [name, value.preview]),
  );
}

export function valueOf(frame: Frame, name: string): Value {
  const variable = [...frame.arguments, ...frame.locals].find(
    (candidate) => candidate.name === name,
  );
  assert.ok(variable, `${name} is a variable of ${frame.function}`);
  return variable.value;
}
