/** A capture, looked at the way the rules need it. Pure. */
import { stuckAfterMs } from '../detect/hang.ts';
import { isMachineFrame } from '../report/machine-frame.ts';
import type { Capture, Frame, Thread } from '../report/schema.ts';

/** A system call, taken from its words in the report. */
export interface Call {
  /** `read` */
  readonly name: string;
  /** `read(fd 17 → /tmp/orders.fifo, 4096 bytes)` */
  readonly text: string;
  readonly fd: number | null;
  /** What the descriptor or path argument names; null when not known. */
  readonly target: string | null;
}

/** What the rules look at. */
export interface Scene {
  readonly capture: Capture;
  readonly main: Thread;
  /** The call the main thread is in; null when it runs, or when nothing is known. */
  readonly call: Call | null;
  /** Whether the main thread used the CPU: by the kernel's word at the first look. */
  readonly isRunning: boolean;
  /**
   * `turning`: it turns, or answers · `polling`: it waits in its own poll · `stuck`: too long without a turn ·
   * `late`: it does not turn right now, but not for long · `unknown`
   */
  readonly loop: 'turning' | 'polling' | 'stuck' | 'late' | 'unknown';
  /** True when that the loop is stuck is known from the loop itself or from the watchdog, not just inferred. */
  readonly isLoopKnown: boolean;
  /** Time since the loop turned last; null when not known. */
  readonly stalledMs: number | null;
  /** Share of one CPU the main thread used between the looks, 0 to 1; null when not known. */
  readonly cpuShare: number | null;
  /** Both looks found the main thread in the very same call, and it used no CPU between them. */
  readonly isSteady: boolean;
  /** Time between the looks. */
  readonly betweenLooksMs: number;
  /** Frames of the program itself, innermost first: not of Node, not of installed packages. */
  readonly appFrames: readonly Frame[];
}

/** CPU time of this share is not counted as work: reading, timers, the collector. */
const idleShare = 0.05;

const epollCall = /^epoll_p?wait2?\(/;

/** Looks at a capture; null when it holds no main thread. */
export function lookAt(capture: Capture): Scene | null {
  const main = capture.threads.find((thread) => thread.kind === 'main');
  if (main === undefined) return null;
  const looks = looksOf(capture);
  const call = main.syscall === undefined ? null : parseCall(main.syscall);
  return {
    capture,
    // Rules speak of JavaScript and of what it called; C++ frames are for people.
    main: { ...main, frames: main.frames.filter((frame) => !isMachineFrame(frame)) },
    call,
    isRunning: main.state === 'R' || looks.firstCall === 'running',
    ...judgeLoop(capture, main, looks),
    cpuShare: looks.cpuShare,
    isSteady: looks.isSteady,
    betweenLooksMs: looks.betweenMs,
    appFrames: main.frames.filter(isAppFrame),
  };
}

/** True for frames of the program itself. */
export function isAppFrame(frame: Frame): boolean {
  if (frame.kind !== 'js' || frame.file === undefined) return false;
  return !frame.file.startsWith('node:') && !frame.file.includes('/node_modules/');
}

/** Takes a call apart that is written as in Thread.syscall. */
export function parseCall(text: string): Call {
  const name = /^[^(]*/.exec(text)?.[0] ?? text;
  const descriptor = /fd (\d+)(?: → ([^,)]*))?/.exec(text);
  const inside = text.slice(name.length + 1, -1).split(', ');
  const path = inside.find((part) => part.startsWith('/') || part.startsWith('.'));
  return {
    name,
    text,
    fd: descriptor?.[1] === undefined ? null : Number(descriptor[1]),
    target: path ?? descriptor?.[2] ?? null,
  };
}

interface Looks {
  readonly firstCall: string | null;
  readonly cpuShare: number | null;
  readonly isSteady: boolean;
  readonly betweenMs: number;
}

function looksOf(capture: Capture): Looks {
  const [first, second] = capture.samples ?? [];
  const firstCall = typeof first?.['call'] === 'string' ? first['call'] : null;
  const betweenMs = Number(second?.['atMs'] ?? 0) - Number(first?.['atMs'] ?? 0);
  const usedMs = Number(second?.['cpuMs']) - Number(first?.['cpuMs']);
  const cpuShare =
    betweenMs > 0 && Number.isFinite(usedMs) ? Math.min(1, usedMs / betweenMs) : null;
  const sameCall = firstCall !== null && firstCall !== 'running' && second?.['call'] === firstCall;
  return {
    firstCall,
    cpuShare,
    isSteady: sameCall && (cpuShare ?? 0) < idleShare,
    betweenMs,
  };
}

function judgeLoop(
  capture: Capture,
  main: Thread,
  looks: Looks,
): Pick<Scene, 'loop' | 'isLoopKnown' | 'stalledMs'> {
  const stalledMs = main.loop?.lastTurnAgoMs ?? capture.trigger.stalledForMs ?? null;
  const inEpoll = epollCall.test(main.syscall ?? '');
  const isIdle = inEpoll && (looks.cpuShare ?? 0) < idleShare;
  if (main.loop !== undefined) {
    if (main.loop.alive)
      return { loop: isIdle ? 'polling' : 'turning', isLoopKnown: true, stalledMs };
    const isLate =
      capture.trigger.kind !== 'hang' && stalledMs !== null && stalledMs < stuckAfterMs;
    return { loop: isLate ? 'late' : 'stuck', isLoopKnown: true, stalledMs };
  }
  if (capture.trigger.kind === 'hang') return { loop: 'stuck', isLoopKnown: true, stalledMs };
  if (inEpoll) return { loop: isIdle ? 'polling' : 'turning', isLoopKnown: false, stalledMs };
  const fullyBusy = looks.firstCall === 'running' && (looks.cpuShare ?? 0) > 0.9;
  return {
    loop: looks.isSteady || fullyBusy ? 'stuck' : 'unknown',
    isLoopKnown: false,
    stalledMs,
  };
}
