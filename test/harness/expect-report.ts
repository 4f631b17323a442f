/** Holds a report against the expected.json of its program. Collects every difference before it fails. */
import assert from 'node:assert/strict';
import { isMachineFrame } from '#dist/report/machine-frame.js';
import type { ErrorRecord, Frame, Report, Thread } from '#dist/report/schema.js';
import { findMismatches, findVariableMismatches } from './expect-value.ts';
import type { ExpectedError, ExpectedFrame, ZooKind } from './zoo.ts';

function linesOf(kind: ZooKind, marker: string): readonly number[] {
  const lines = kind.markers.get(marker);
  if (lines === undefined) throw new Error(`${kind.program} has no line marked ${marker}`);
  return lines;
}

/** Frames of the program itself: node's own files and builtins left out. */
export function ownFrames(thread: Thread, program: string): Frame[] {
  return thread.frames.filter(
    (frame) => frame.kind === 'js' && frame.file?.replace(/^file:\/\//, '') === program,
  );
}

function frameMismatches(frame: Frame, expected: ExpectedFrame, kind: ZooKind): string[] {
  const where = expected.function.at(-1) ?? '';
  const mismatches: string[] = [];
  if (!expected.function.includes(frame.function)) {
    return [`function is ${frame.function}, not ${expected.function.join(' or ')}`];
  }
  const lines = linesOf(kind, expected.line);
  if (frame.line === undefined || !lines.includes(frame.line)) {
    mismatches.push(`${where}: line is ${String(frame.line)}, not ${lines.join(' or ')}`);
  }
  if (frame.column === undefined || frame.column < 1) {
    mismatches.push(`${where}: column is ${String(frame.column)}`);
  }
  const marker = `// ${expected.line}`;
  if (frame.source?.line.trimEnd().endsWith(marker) !== true) {
    mismatches.push(
      `${where}: source line is ${String(frame.source?.line)}, not one with ${marker}`,
    );
  }
  if (expected.tier !== undefined && !expected.tier.some((tier) => tier === frame.tier)) {
    mismatches.push(`${where}: tier is ${String(frame.tier)}, not ${expected.tier.join(' or ')}`);
  }
  if (expected.inlined !== undefined && (frame.inlined ?? false) !== expected.inlined) {
    mismatches.push(`${where}: inlined is ${String(frame.inlined)}`);
  }
  const absent = expected.mayBeOptimizedOut;
  if (expected.receiver !== undefined) {
    const receiver = frame.receiver === undefined ? [] : [{ name: 'this', value: frame.receiver }];
    mismatches.push(
      ...findVariableMismatches(receiver, { this: expected.receiver }, absent, where),
    );
  }
  return [
    ...mismatches,
    ...findVariableMismatches(frame.arguments, expected.arguments, absent, `${where}(argument)`),
    ...findVariableMismatches(frame.locals, expected.locals, absent, `${where}{local}`),
  ];
}

/** One sentence for each difference between a stack and the expected frames. */
export function stackMismatches(thread: Thread, kind: ZooKind): string[] {
  const frames = ownFrames(thread, kind.program);
  while (frames[0] !== undefined && kind.expected.callees.includes(frames[0].function))
    frames.shift();
  return kind.expected.frames.flatMap((expected, index) => {
    const frame = frames[index];
    if (frame === undefined) {
      const all = thread.frames.map(
        (one) => `${one.function} ${one.file ?? ''}:${String(one.line)}`,
      );
      return [
        `no frame for ${expected.function.join(' or ')}; note: ${thread.note ?? ''}; ${all.join(' | ')}`,
      ];
    }
    return frameMismatches(frame, expected, kind);
  });
}

/** One sentence for each expected task that is not among the tasks, or has other values. */
function taskMismatches(report: Report, kind: ZooKind): string[] {
  return kind.expected.tasks.flatMap((expected) => {
    const lines = linesOf(kind, expected.line);
    const candidates = report.tasks.filter(
      (task) => task.function === expected.function && lines.includes(task.line ?? 0),
    );
    if (candidates.length === 0)
      return [`no task ${expected.function} at line ${lines.join(' or ')}`];
    const differences = candidates.map((task) => [
      ...findVariableMismatches(
        task.arguments,
        expected.arguments,
        [],
        `${expected.function}(argument)`,
      ),
      ...findVariableMismatches(task.locals, expected.locals, [], `${expected.function}{local}`),
    ]);
    return differences.some((list) => list.length === 0) ? [] : (differences[0] ?? []);
  });
}

/** What the verdict must say and does not. */
function verdictMismatches({ verdict }: Report, kind: ZooKind): string[] {
  const said = [
    verdict.summary,
    ...verdict.evidence.map(({ text }) => text),
    verdict.advice ?? '',
  ].join('\n');
  return kind.expected.matches
    .filter((pattern) => !new RegExp(pattern).test(said))
    .map((pattern) => `the verdict does not say ${pattern}, but:\n${said}`);
}

/** The thread that an expected.json speaks of. */
export function findThread(report: Report, kind: ZooKind): Thread {
  const thread = report.threads.find((candidate) => candidate.kind === kind.expected.thread);
  assert.ok(thread, `no ${kind.expected.thread} thread among ${String(report.threads.length)}`);
  return thread;
}

/** Verdict, trigger, frames, values: everything expected.json says of a captured process. */
export function assertExpected(report: Report, kind: ZooKind): void {
  const { expected } = kind;
  const mismatches: string[] = [];
  if (!expected.verdict.includes(report.verdict.kind)) {
    mismatches.push(
      `verdict is ${report.verdict.kind} (${report.verdict.summary}), not ${expected.verdict.join(' or ')}`,
    );
  }
  if (report.verdict.summary.length === 0) mismatches.push('the verdict has no summary');
  if (report.trigger.kind !== expected.trigger) {
    mismatches.push(`trigger is ${report.trigger.kind}, not ${expected.trigger}`);
  }
  mismatches.push(...verdictMismatches(report, kind));
  mismatches.push(...taskMismatches(report, kind));
  const thread = findThread(report, kind);
  mismatches.push(...stackMismatches(thread, kind));
  if (expected.noFrames && (!thread.frames.every(isMachineFrame) || !thread.note)) {
    mismatches.push(`frames: ${String(thread.frames.length)}, note: ${String(thread.note)}`);
  }
  if (expected.error !== undefined) {
    mismatches.push(...errorMismatches(report.error, expected.error, kind, 'error'));
  }
  if (expected.fault !== undefined) {
    const { signal, message, mapping, stackOverflow } = expected.fault;
    const { fault } = report;
    if (fault?.signal !== signal) mismatches.push(`the signal is ${String(fault?.signal)}`);
    if (message !== undefined && fault?.message?.includes(message) !== true)
      mismatches.push(`last words are ${String(fault?.message)}`);
    if (mapping !== undefined && fault?.mapping?.includes(mapping) !== true)
      mismatches.push(`mapped is ${String(fault?.mapping)}`);
    if (stackOverflow !== undefined && fault?.stackOverflow !== stackOverflow)
      mismatches.push(`stackOverflow is ${String(fault?.stackOverflow)}`);
    if (!/^0x[0-9a-f]+$/.test(fault?.registers?.['rip'] ?? '')) mismatches.push('no registers');
  }
  const told = [report.verdict.summary, ...report.verdict.evidence.map(({ text }) => text)];
  for (const words of expected.says) {
    if (!told.some((text) => text.includes(words)))
      mismatches.push(`nothing says ${words}: ${told.join(' | ')}`);
  }
  const missing = report.missing
    .map(({ what, reason }) => `  missing ${what}: ${reason}`)
    .join('\n');
  assert.deepEqual(mismatches, [], `${kind.id} differs; the report says\n${missing}`);
}

function errorMismatches(
  error: ErrorRecord | undefined,
  expected: ExpectedError,
  kind: ZooKind,
  where: string,
): string[] {
  if (error === undefined) return [`${where} is missing`];
  const mismatches: string[] = [];
  if (expected.name !== undefined && error.name !== expected.name) {
    mismatches.push(`${where}: name is ${error.name}, not ${expected.name}`);
  }
  if (error.message !== expected.message) mismatches.push(`${where}: message is ${error.message}`);
  if (expected.stack !== undefined) {
    const wanted = expected.stack;
    const isThere = linesOf(kind, wanted.line).some((line) =>
      error.stack
        ?.split('\n')
        .some((text) => text.includes(wanted.function) && text.includes(`:${String(line)}:`)),
    );
    if (!isThere)
      mismatches.push(`${where}: ${wanted.function} is not in the stack: ${String(error.stack)}`);
  }
  for (const [name, value] of Object.entries(expected.properties ?? {})) {
    const property = error.properties.find((candidate) => candidate.name === name);
    if (property === undefined) mismatches.push(`${where}.${name} is missing`);
    else mismatches.push(...findMismatches(property.value, value, `${where}.${name}`));
  }
  if (expected.cause === undefined) return mismatches;
  return [...mismatches, ...errorMismatches(error.cause, expected.cause, kind, `${where}.cause`)];
}
