/** What the reader answers. Frames and values are already in report form; nothing here refers to the target. */
import type {
  AsyncStore,
  Frame,
  Handle,
  HeapSizes,
  Missing,
  Request,
  SampleFrame,
  Task,
  Threadpool,
  Timer,
} from '../report/schema.ts';
import type { QuickLookWishes } from './quick-looks.ts';
import type { Script } from './scripts.ts';

export interface ReadOptions {
  /** Isolates already known to the agent; they make reading possible while another tracer holds the threads. */
  readonly isolates?: readonly KnownIsolate[];
  /** False: stacks only, no search of the heap for suspended async functions. */
  readonly tasks?: boolean;
  /** Quick looks after the one that counts, where the threads are not all idle. */
  readonly looks?: QuickLookWishes;
  /** False: names and places only. One short stop is enough for that. */
  readonly values?: boolean;
  /** Total time the reader may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** An isolate as the agent inside the target knows it. */
export interface KnownIsolate {
  readonly tid: number;
  /** Address of the v8::Isolate. */
  readonly address: number;
  /** `worker_threads` id; absent for the main thread. */
  readonly workerId?: number;
  /** Frame pointer of a thread that a debugger stopped to call us; lets its JavaScript frames be found without registers. */
  readonly framePointer?: number;
}

/** One thread: main and worker have an isolate. */
export interface ThreadReading {
  readonly tid: number;
  readonly kind: 'main' | 'worker' | 'native';
  readonly workerId?: number;
  readonly vmState?: string;
  /** Innermost first, C++ included; with a `note` when no JavaScript is on the stack. */
  readonly frames: readonly Frame[];
  readonly note?: string;
  /** What AsyncLocalStorage holds for the running code. */
  readonly asyncStores?: readonly AsyncStore[];
  /** Frames left out of the middle; they stood before the frame of this index. */
  readonly omitted?: { readonly before: number; readonly count: number };
  /** Of a stack that is read by itself. */
  readonly scripts?: ReadScripts;
}

/** One of several looks at the JavaScript threads, without values. */
export interface QuickLook {
  /** Since the look that counts, which is the first. */
  readonly atMs: number;
  readonly threads: readonly QuickThread[];
}

/** As in Report.samples, but for what /proc knows. */
export interface QuickThread {
  readonly tid: number;
  readonly vmState?: string;
  readonly vmStates?: Readonly<Record<string, number>>;
  readonly loopTurns?: number;
  readonly pollingShare?: number;
  readonly microtasks?: number;
  readonly tickId?: number;
  readonly frames: readonly SampleFrame[];
}

export interface ProcessReading {
  readonly nodeVersion?: string;
  readonly v8Version: string;
  /** Longest time the threads stood still in one look. */
  readonly pausedMs: number;
  readonly threads: readonly ThreadReading[];
  /** The look that counts, and the quick ones after it. */
  readonly looks?: readonly QuickLook[];
  /** Suspended async functions of all isolates; `missing` tells what there is besides. */
  readonly tasks?: readonly Task[];
  /** Absent when the main loop cannot be found in this binary. */
  readonly loop?: EventLoopReading;
  /** Absent when the reader could not come to it. */
  readonly activity?: LoopActivity;
  /** The program's scripts that frames, tasks and callbacks are in, by name. */
  readonly scripts?: ReadScripts;
  readonly missing: readonly Missing[];
}
export type ReadScripts = ReadonlyMap<string, Script>;

/** What the event loops are busy with, in report form but for what /proc knows of descriptors. */
export interface LoopActivity {
  readonly handles: readonly Handle[];
  readonly requests: readonly Request[];
  readonly timers: readonly Timer[];
  readonly threadpool?: Threadpool;
  /** Of each loop that was found, by thread. */
  readonly clocks: LoopClocks;
  /** Of each isolate whose heap was found, by thread. */
  readonly heaps: ReadonlyMap<number, HeapSizes>;
}
export type LoopClocks = ReadonlyMap<number, EventLoopReading>;

/** A libuv loop. */
export interface EventLoopReading {
  /** When libuv last updated the loop's clock, by the CLOCK_MONOTONIC of the target's machine, as process.hrtime. */
  readonly turnedAtMs: number;
  /** Time since libuv last updated the loop's clock. Large both when stuck and when idle: an idle loop waits in its poll. */
  readonly lastTurnAgoMs: number;
  /** The epoll descriptor the loop waits on. A thread in epoll_wait on another descriptor is in a nested loop (execSync). */
  readonly backendFd: number;
  readonly activeHandles: number;
  readonly activeRequests: number;
}

/** Reads the loop's clock of one process again and again, without stopping it. */
export interface EventLoopClock {
  /** @returns null when the process is gone or its loop does not exist yet */
  read(): EventLoopReading | null;
  /** What the loop has done since it began; null where this version of libuv does not tell. */
  readUse?(): LoopUse | null;
}

/** How much of its time a loop has waited for events. Two of them make a utilisation, as in perf_hooks. */
export interface LoopUse {
  /** When it was read: CLOCK_MONOTONIC, milliseconds. */
  readonly atMs: number;
  /** Time spent waiting for events, up to now. */
  readonly idleMs: number;
  /** Turns of the loop; absent before libuv 1.45. */
  readonly turns?: number;
}

/** What is read of threads that stood still for it. */
export type StoppedReading = Pick<ProcessReading, 'threads' | 'pausedMs' | 'activity' | 'looks'>;
