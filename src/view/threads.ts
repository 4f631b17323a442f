/** Threads: a heading and a stack for each with JavaScript, one line for each kind of the others. */
import type { Thread } from '../report/schema.ts';
import { frameLines } from './frames.ts';
import type { FrameOptions } from './frames.ts';
import { span, wrap } from './layout.ts';
import type { Line, Span } from './layout.ts';
import { formatCount, formatDuration, noBreak } from './units.ts';

const stateWords: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'in uninterruptible I/O',
  T: 'stopped',
  t: 'stopped by a tracer',
  Z: 'dead, not reaped',
  X: 'dead',
  I: 'idle',
};

/** A proc(5) state letter in words. */
export function stateWord(state: string): string {
  return (Object.hasOwn(stateWords, state) ? stateWords[state] : undefined) ?? `state ${state}`;
}

/** `main thread`, `worker 3`, `thread "libuv-worker"`. */
export function threadTitle(thread: Thread): string {
  switch (thread.kind) {
    case 'main':
      return 'main thread';
    case 'worker':
      return `worker${thread.workerId === undefined ? '' : ` ${thread.workerId}`}`;
    case 'native':
      return `native thread "${thread.name}"`;
  }
}

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

/** A thread with its stack. */
export function threadLines(thread: Thread, options: FrameOptions): Line[] {
  const note =
    thread.note === undefined
      ? thread.frames.length === 0
        ? [[span('  no frames', 'dim')]]
        : []
      : wrap([span(thread.note, 'plain', 600)], { width: options.width, indent: 2 });
  return [...threadHeading(thread, options.width), ...note, ...frameLines(thread.frames, options)];
}

/** All threads without a stack, folded by name and state: `4 libuv-worker sleeping (futex_wait_queue)`. */
export function nativeThreadLines(threads: readonly Thread[], width: number): Line[] {
  if (threads.length === 0) {
    return [];
  }
  const groups = new Map<string, number>();
  for (const thread of threads) {
    const where = thread.syscall?.replace(/\(.*$/s, '') ?? thread.wchan; // addresses would tell all apart
    const key =
      `${thread.name} ${stateWord(thread.state)}${where === undefined ? '' : ` in ${where}`}`.trimStart();
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b - a);
  const shown = sorted
    .slice(0, 12)
    .map(([key, count]) => (count === 1 ? key : `${count}${noBreak}× ${key}`));
  const rest = sorted.length - shown.length;
  const spans: Span[] = [
    span(formatCount(threads.length, 'native thread').toUpperCase(), 'heading'),
    span('  '),
    ...shown.flatMap((text, index) => [span(index > 0 ? ', ' : '', 'dim'), span(text, 'dim', 160)]),
    ...(rest > 0 ? [span(`, and ${rest} kinds more`, 'dim')] : []),
  ];
  return wrap(spans, { width, hanging: 2 });
}
