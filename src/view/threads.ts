/** Threads: a heading and a stack for each with JavaScript, one line for each kind of the others. */
import type { Report, Thread } from '../report/schema.ts';
import { frameLines } from './frames.ts';
import type { FrameOptions } from './frames.ts';
import { span, wrap } from './layout.ts';
import type { Line, Span } from './layout.ts';
import { movementsOf } from './model/samples.ts';
import { groupThreads, stateWord, threadTitle } from './model/thread.ts';
import { formatCount, formatDuration, noBreak } from './model/units.ts';

/** Heading of one thread: what it is, what it does, how it was read. */
export function threadHeading(thread: Thread, width: number): Line[] {
  const facts: Span[] = [
    span(`  tid ${thread.tid}`, 'dim'),
    span(`  ${stateWord(thread.state)}`, 'plain', 40),
    ...(thread.vmState === undefined ? [] : [span(`  V8: ${thread.vmState}`, 'plain', 60)]),
    ...(thread.cpuMs === undefined ? [] : [span(`  cpu ${formatDuration(thread.cpuMs)}`, 'dim')]),
    ...(thread.via === undefined ? [] : [span(`  via ${thread.via}`, 'dim')]),
  ];
  const heading = wrap([span(threadTitle(thread).toUpperCase(), 'heading', 80), ...facts], {
    width,
    hanging: 2,
  });
  return [...heading, ...waitLines(thread, width)];
}

function waitLines(thread: Thread, width: number): Line[] {
  const kernel =
    thread.wchan === undefined ? [] : [span(`  kernel:${noBreak}${thread.wchan}`, 'dim', 80)];
  if (thread.syscall === undefined && kernel.length === 0) {
    return [];
  }
  const call =
    thread.syscall === undefined
      ? []
      : [span('in system call ', 'dim'), span(thread.syscall, 'strong', 300)];
  return wrap([...call, ...kernel], { width, indent: 2, hanging: 4 });
}

/** What several looks saw of it: has it moved? */
function movementLines(tid: number, report: Pick<Report, 'samples'>, width: number): Line[] {
  const movement = movementsOf(report).find((one) => one.tid === tid);
  if (movement === undefined || movement.kind === 'unknown') return [];
  const style = movement.kind === 'stands' ? 'strong' : 'plain';
  return wrap([span(movement.words, style, 600)], { width, indent: 2, hanging: 4 });
}

/** A thread with its stack. */
export function threadLines(
  thread: Thread,
  options: FrameOptions,
  report: Pick<Report, 'samples'>,
): Line[] {
  const note =
    thread.note === undefined
      ? thread.frames.length === 0
        ? [[span('  no frames', 'dim')]]
        : []
      : wrap([span(thread.note, 'plain', 600)], { width: options.width, indent: 2 });
  return [
    ...threadHeading(thread, options.width),
    ...movementLines(thread.tid, report, options.width),
    ...note,
    ...frameLines(thread, options),
  ];
}

/** All threads without a stack, folded by name and state: `4 libuv-worker sleeping (futex_wait_queue)`. */
export function nativeThreadLines(threads: readonly Thread[], width: number): Line[] {
  if (threads.length === 0) {
    return [];
  }
  const groups = groupThreads(threads);
  const shown = groups
    .slice(0, 12)
    .map(({ words, threads: { length } }) =>
      length === 1 ? words : `${length}${noBreak}× ${words}`,
    );
  const rest = groups.length - shown.length;
  const spans: Span[] = [
    span(formatCount(threads.length, 'native thread').toUpperCase(), 'heading'),
    span('  '),
    ...shown.flatMap((text, index) => [span(index > 0 ? ', ' : '', 'dim'), span(text, 'dim', 160)]),
    ...(rest > 0 ? [span(`, and ${rest} kinds more`, 'dim')] : []),
  ];
  return wrap(spans, { width, hanging: 2 });
}
