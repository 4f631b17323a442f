/** A capture, looked at the way the rules need it. Pure. */
import { stuckAfterMs } from '../detect/hang.ts';
import { isMachineFrame } from '../report/machine-frame.ts';
import type { Capture, Frame, Thread } from '../report/schema.ts';
import { type Looks, epollCall, looksAt } from './looks.ts';

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
  /** Without its frames of C++: most rules speak of JavaScript and of what it called. */
  readonly main: Thread;
  /** All its frames, innermost first. */
  readonly allFrames: readonly Frame[];
  /** The call the main thread is in; null when it runs, or when nothing is known. */
  readonly call: Call | null;
  /** Whether the main thread used the CPU: by the kernel's word at the first look. */
  readonly isRunning: boolean;
  /** Running, or using most of a CPU between the looks. */
  readonly isBusy: boolean;
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
  /** All looks found the main thread in the very same call, and it used no CPU between them. */
  readonly isSteady: boolean;
  /** Time between the first and the last look. */
  readonly betweenLooksMs: number;
  /** The looks at the main thread. */
  readonly looks: Looks;
  /** Frames of the program itself, innermost first: not of Node, not of installed packages. */
  readonly appFrames: readonly Frame[];
  /**
   * True when something outside has shown that the process does not do its work: a probe that failed, a threshold. False
   * when somebody merely asked, and what waits may well be what is meant to wait.
   */
  readonly isAccused: boolean;
}

/** CPU time of this share is not counted as work: reading, timers, the collector. */
const idleShare = 0.05;
/** Most of a CPU, on a machine that has others to run as well. */
export const busyShare = 0.5;

/** Of what a rule of the watchdog may say, that which means that work is not done. */
const failedToServe = /answer|probe|connect|waiting|waited|older|open for/i;

/** Looks at a capture; null when it holds no main thread. */
export function lookAt(capture: Capture): Scene | null {
  const main = capture.threads.find((thread) => thread.kind === 'main');
  if (main === undefined) return null;
  const looks = looksAt(capture, main.tid);
  const call = main.syscall === undefined ? null : parseCall(main.syscall);
  const isRunning = main.state === 'R' || looks.firstCall === 'running';
  return {
    capture,
    main: { ...main, frames: main.frames.filter((frame) => !isMachineFrame(frame)) },
    allFrames: main.frames,
    call,
    isRunning,
    isBusy: isRunning || (looks.cpuShare ?? 0) > busyShare || looks.runnableShare > busyShare,
    ...judgeLoop(capture, main, looks),
    cpuShare: looks.cpuShare,
    isSteady: looks.isSameCall && (looks.cpuShare ?? 0) < idleShare,
    betweenLooksMs: looks.overMs,
    looks,
    appFrames: main.frames.filter(isAppFrame),
    isAccused:
      (capture.trigger.kind === 'hang' || capture.trigger.kind === 'rule') &&
      failedToServe.test(capture.trigger.reason),
  };
}

/** True for frames of the program itself. */
export function isAppFrame(frame: Pick<Frame, 'kind' | 'file' | 'original'>): boolean {
  if (frame.kind !== 'js' || frame.file === undefined) return false;
  // In a bundle, packages are told apart by where they came from.
  const file = frame.original?.file ?? frame.file;
  return !file.startsWith('node:') && !file.includes('/node_modules/');
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

type LoopState = Pick<Scene, 'loop' | 'isLoopKnown' | 'stalledMs'>;

function judgeLoop(capture: Capture, main: Thread, looks: Looks): LoopState {
  const state = judgeStandstill(capture, main, looks);
  // A hang that ended before anything was seen of it is nothing to guess about.
  const isSeen = main.frames.some(({ kind }) => kind === 'js' || kind === 'wasm');
  const isOver = (looks.hasComeBack || looks.endsInPoll) && !isSeen;
  return state.loop === 'stuck' && isOver
    ? { ...state, loop: 'turning', isLoopKnown: true }
    : state;
}

function judgeStandstill(capture: Capture, main: Thread, looks: Looks): LoopState {
  const stalledMs = main.loop?.lastTurnAgoMs ?? capture.trigger.stalledForMs ?? null;
  const inEpoll = epollCall.test(main.syscall ?? '');
  const isIdle = inEpoll && (looks.cpuShare ?? 0) < idleShare;
  if (main.loop !== undefined) {
    // It may have begun a long turn right before the first look: what counts then is that no look saw the end of it.
    const isInOneTurn = looks.isInOneTurn && !inEpoll;
    const inTurnMs = stalledMs === null ? null : stalledMs + (isInOneTurn ? looks.overMs : 0);
    const isLong = inTurnMs === null || inTurnMs >= stuckAfterMs;
    if (main.loop.alive && !(isInOneTurn && inTurnMs !== null && isLong))
      return { loop: isIdle ? 'polling' : 'turning', isLoopKnown: true, stalledMs };
    if (capture.trigger.kind !== 'hang' && !isLong)
      return { loop: 'late', isLoopKnown: true, stalledMs };
    return { loop: 'stuck', isLoopKnown: true, stalledMs: inTurnMs };
  }
  if (capture.trigger.kind === 'hang') return { loop: 'stuck', isLoopKnown: true, stalledMs };
  if (inEpoll) return { loop: isIdle ? 'polling' : 'turning', isLoopKnown: false, stalledMs };
  const fullyBusy = looks.firstCall === 'running' && (looks.cpuShare ?? 0) > 0.9;
  const isSteady = looks.isSameCall && (looks.cpuShare ?? 0) < idleShare;
  return { loop: isSteady || fullyBusy ? 'stuck' : 'unknown', isLoopKnown: false, stalledMs };
}
