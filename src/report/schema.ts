/**
 * The report: one captured, immutable record of a process. This file is the only description of it;
 * types, validation and documentation come from here. Field names and meanings are a promise to users
 * (`sleeper view --json` prints exactly this object).
 *
 * Readers use loose objects: a field written by a newer version is evidence and must survive. Units
 * are the last word of a name (`…Ms`, `…Bytes`). A fact that could not be had is left out and stands in
 * `missing` with its reason; a JavaScript value that could not be had is a Value with a `reason`.
 */
import * as v from 'valibot';

/** Bumped on any change of a field. `docs/report-format.md` has an entry for each number. */
export const formatVersion = 1;
/** The oldest reader that can make sense of what this version writes. */
export const minReaderVersion = 1;

/** Duration in milliseconds, fractional. */
const Milliseconds = v.number();
const Tid = v.pipe(v.number(), v.integer());

/** Why a value or a fact is absent. */
export const AbsenceReason = v.picklist([
  'optimized-out',
  'unreadable',
  'over-limit',
  'not-supported',
  'redacted',
]);
export type AbsenceReason = v.InferOutput<typeof AbsenceReason>;

/** A JavaScript value as it was seen: never a live reference, bounded in depth and length. */
export interface Value {
  /**
   * What `typeof` would say, or a finer name: `array`, `map`, `set`, `date`, `regexp`, `promise`, `error`,
   * `proxy`, `typed-array`, `array-buffer`, `null`. `unknown` when `reason` is present.
   */
  type: string;
  /** One line, readable by people. For a known primitive it is JavaScript source. */
  preview: string;
  className?: string;
  /** Own properties or elements in enumeration order, to a bounded depth. */
  properties?: { name: string; value: Value }[];
  /** Full length of a string, array, map, set or buffer (in characters, elements, or bytes). */
  length?: number;
  /** True when `properties` or `preview` show less than there is. */
  truncated?: boolean;
  /** Present exactly when the value is not known. */
  reason?: AbsenceReason;
}
export const Value: v.GenericSchema<Value> = v.looseObject({
  type: v.string(),
  preview: v.string(),
  className: v.exactOptional(v.string()),
  properties: v.exactOptional(
    v.array(v.looseObject({ name: v.string(), value: v.lazy(() => Value) })),
  ),
  length: v.exactOptional(v.number()),
  truncated: v.exactOptional(v.boolean()),
  reason: v.exactOptional(AbsenceReason),
});

/** A variable by name: an argument, a local, a variable of a closure. */
export const Variable = v.looseObject({ name: v.string(), value: Value });
export type Variable = v.InferOutput<typeof Variable>;

/** V8's execution tier of a JavaScript frame. */
export const Tier = v.picklist(['interpreted', 'baseline', 'maglev', 'turbofan']);
export type Tier = v.InferOutput<typeof Tier>;

/** One activation. Lines and columns count from 1; columns are in UTF-16 units, as in error.stack. */
export const Frame = v.looseObject({
  function: v.string(),
  /**
   * Script name as V8 knows it: a path, a file: or node: URL. For a native frame of C++ the name of its program or
   * library, such as `libc.so.6`. Absent for builtins, and for native functions as JavaScript called them.
   */
  file: v.exactOptional(v.string()),
  line: v.exactOptional(v.number()),
  column: v.exactOptional(v.number()),
  kind: v.picklist(['js', 'builtin', 'native', 'wasm']),
  tier: v.exactOptional(Tier),
  /** True: the compiler merged this activation into the next one of the list. */
  inlined: v.exactOptional(v.boolean()),
  receiver: v.exactOptional(Value),
  arguments: v.array(Variable),
  locals: v.array(Variable),
  /** Variables of enclosing scopes, innermost first. */
  closure: v.exactOptional(v.array(Variable)),
  source: v.exactOptional(
    v.looseObject({ line: v.string(), before: v.array(v.string()), after: v.array(v.string()) }),
  ),
  /** Position before compilation, by source map. */
  original: v.exactOptional(
    v.looseObject({
      file: v.string(),
      line: v.number(),
      column: v.number(),
      function: v.exactOptional(v.string()),
    }),
  ),
});
export type Frame = v.InferOutput<typeof Frame>;

/** How full V8's heap is. */
export const HeapSizes = v.looseObject({
  /** What the old generation may grow to: --max-old-space-size. */
  limitBytes: v.exactOptional(v.number()),
  /** By the names of v8.getHeapSpaceStatistics(); the young generation's semi-spaces are not among them. */
  spaces: v.array(
    v.looseObject({ name: v.string(), usedBytes: v.number(), committedBytes: v.number() }),
  ),
});
export type HeapSizes = v.InferOutput<typeof HeapSizes>;

/** One OS thread. */
export const Thread = v.looseObject({
  tid: Tid,
  kind: v.picklist(['main', 'worker', 'native']),
  /** `worker_threads` id. */
  workerId: v.exactOptional(v.number()),
  /** The kernel's name of the thread (/proc/PID/task/TID/comm); `libuv pool` for those known to be of the pool. */
  name: v.string(),
  /** proc(5) state letter: R, S, D, T, t, Z, X, I. */
  state: v.string(),
  /** Kernel function the thread sleeps in. */
  wchan: v.exactOptional(v.string()),
  /** The system call it is in, by name with what is known of its arguments, such as `read(fd 17 → /tmp/fifo)`. */
  syscall: v.exactOptional(v.string()),
  /** CPU time consumed since the thread started. */
  cpuMs: v.exactOptional(Milliseconds),
  /** What V8 says it is doing: JS, GC, EXTERNAL, ATOMICS_WAIT, IDLE, … */
  vmState: v.exactOptional(v.string()),
  /** Which rung of the ladder answered for this thread. */
  via: v.exactOptional(v.picklist(['agent', 'reader', 'proc'])),
  heap: v.exactOptional(HeapSizes),
  loop: v.exactOptional(
    v.looseObject({
      /** True: the loop turned recently or waits in its own poll. */
      alive: v.boolean(),
      /** Time since libuv last updated the loop's clock, at the moment of capture. */
      lastTurnAgoMs: v.exactOptional(Milliseconds),
      activeHandles: v.exactOptional(v.number()),
      activeRequests: v.exactOptional(v.number()),
    }),
  ),
  /** Innermost first. Empty with a sentence in `note` when there is none to show. */
  frames: v.array(Frame),
  /** A sentence about the stack as a whole, such as "no JS frames: waiting in the event loop". */
  note: v.exactOptional(v.string()),
});
export type Thread = v.InferOutput<typeof Thread>;

/** One suspended async function. */
export const Task = v.looseObject({
  id: v.number(),
  function: v.string(),
  file: v.exactOptional(v.string()),
  line: v.exactOptional(v.number()),
  column: v.exactOptional(v.number()),
  kind: v.exactOptional(v.picklist(['async-function', 'async-generator'])),
  /** Thread whose isolate it belongs to. */
  tid: v.exactOptional(Tid),
  /** How many tasks like this one stand at this place; values are those of one of them. Absent: one. */
  count: v.exactOptional(v.number()),
  receiver: v.exactOptional(Value),
  locals: v.array(Variable),
  arguments: v.array(Variable),
  source: v.exactOptional(
    v.looseObject({ line: v.string(), before: v.array(v.string()), after: v.array(v.string()) }),
  ),
  /** Id of another task, or words for what it waits for. */
  awaits: v.exactOptional(v.union([v.number(), v.string()])),
  awaitedBy: v.array(v.number()),
  /** Ids of all tasks it waits for, also through Promise.all and its like. */
  dependsOn: v.exactOptional(v.array(v.number())),
  /** Ids of the tasks that wait for each other in a circle with this one: none of them can go on. */
  cycle: v.exactOptional(v.array(v.number())),
  /** `unsure`: nothing was found that could resume it; it may be garbage that is not yet collected. */
  liveness: v.exactOptional(v.picklist(['live', 'unsure'])),
});
export type Task = v.InferOutput<typeof Task>;

/** One libuv handle: what an event loop watches. */
export const Handle = v.looseObject({
  /** libuv's kind: `tcp`, `pipe`, `tty`, `udp`, `poll`, `timer`, `process`, `fs-event`, `signal`, `async`, … */
  type: v.string(),
  /** Thread whose loop has it. */
  tid: v.exactOptional(Tid),
  /** False: closed soon, or set up and not started. */
  active: v.exactOptional(v.boolean()),
  /** True: keeps the loop alive while active. */
  ref: v.exactOptional(v.boolean()),
  /** True: libuv's or Node's own. */
  internal: v.exactOptional(v.boolean()),
  fd: v.exactOptional(v.number()),
  /** What the descriptor is: a path, `pipe:[…]`, `/dev/pts/0`. */
  file: v.exactOptional(v.string()),
  /** Of sockets: `listening`, `connecting`, `connected`, or TCP's own word such as `close-wait`. */
  state: v.exactOptional(v.string()),
  /** Own end: `127.0.0.1:8080`, `[::1]:80`, the path of a Unix socket. Numbers, never names. */
  address: v.exactOptional(v.string()),
  /** Other end, in the same form. */
  peer: v.exactOptional(v.string()),
  /** Bytes written by the program that the kernel has not taken yet. */
  pendingBytes: v.exactOptional(v.number()),
  /** Bytes that came in and that the program has not read (the kernel's receive queue). */
  unreadBytes: v.exactOptional(v.number()),
  /** Of timers: time until it fires; negative when it is late. */
  timeoutMs: v.exactOptional(Milliseconds),
  repeatMs: v.exactOptional(Milliseconds),
  /** Child process. */
  pid: v.exactOptional(v.number()),
  /** Name of the signal that is watched. */
  signal: v.exactOptional(v.string()),
  /** Watched file or directory. */
  path: v.exactOptional(v.string()),
});
export type Handle = v.InferOutput<typeof Handle>;

/** One request: something begun and not finished. */
export const Request = v.looseObject({
  /** `fs`, `getaddrinfo`, `getnameinfo`, `random`, `work` (crypto, zlib, addons), `connect`, `write`, `shutdown`, `send`. */
  type: v.string(),
  /** `running`: on a thread of the pool · `queued`: waits for one · `waiting`: for the kernel, on a handle's descriptor. */
  state: v.picklist(['running', 'queued', 'waiting']),
  /** Thread whose loop will get the answer. */
  tid: v.exactOptional(Tid),
  /** Thread of the pool that works on it. */
  poolTid: v.exactOptional(Tid),
  /** Of `fs`: `open`, `read`, `stat`, …; of `work`: what Node calls it, such as `zlib`. */
  operation: v.exactOptional(v.string()),
  path: v.exactOptional(v.string()),
  /** Second path of rename, link, symlink, copyfile. */
  newPath: v.exactOptional(v.string()),
  fd: v.exactOptional(v.number()),
  /** What the descriptor is. */
  file: v.exactOptional(v.string()),
  /** Other end of the socket. */
  peer: v.exactOptional(v.string()),
  /** Name that is looked up. */
  host: v.exactOptional(v.string()),
  service: v.exactOptional(v.string()),
  /** Several of the same on one descriptor. */
  count: v.exactOptional(v.number()),
  pendingBytes: v.exactOptional(v.number()),
});
export type Request = v.InferOutput<typeof Request>;

/** libuv's thread pool, one for the process. Absent: nothing was ever given to it. */
export const Threadpool = v.looseObject({
  size: v.number(),
  idle: v.number(),
  running: v.number(),
  /** Work that waits for a thread, slow I/O included. */
  queued: v.number(),
  /** Of those: name look-ups, of which at most half of the threads work at a time. */
  slowQueued: v.number(),
  threads: v.array(
    v.looseObject({
      tid: v.exactOptional(Tid),
      state: v.picklist(['idle', 'running', 'unknown']),
      /** In words: `fs read`. */
      doing: v.exactOptional(v.string()),
    }),
  ),
});
export type Threadpool = v.InferOutput<typeof Threadpool>;

/** Timers with the same callback, delay and kind. */
export const Timer = v.looseObject({
  kind: v.picklist(['timeout', 'interval', 'immediate']),
  count: v.number(),
  delayMs: Milliseconds,
  repeat: v.boolean(),
  /** Name of the callback as V8 knows it. */
  function: v.string(),
  /** Where the callback was written. */
  file: v.exactOptional(v.string()),
  line: v.exactOptional(v.number()),
  column: v.exactOptional(v.number()),
  /** False: unref() was called; it does not keep the process alive. */
  ref: v.exactOptional(v.boolean()),
  /** Thread it belongs to. */
  tid: v.exactOptional(Tid),
});
export type Timer = v.InferOutput<typeof Timer>;

export const triggerKinds = [
  'hang',
  'request',
  'rule',
  'uncaught-exception',
  'unhandled-rejection',
  'out-of-memory',
  'fatal-signal',
  'abort',
  'exit',
  'vanished',
] as const;

/** Why the report was captured. */
export const Trigger = v.looseObject({
  kind: v.picklist(triggerKinds),
  /** A sentence: who asked, which probe failed. */
  reason: v.string(),
  /** How long the event loop had not turned when the detector fired. CLOCK_MONOTONIC: a suspended machine does not count. */
  stalledForMs: v.exactOptional(Milliseconds),
});
export type Trigger = v.InferOutput<typeof Trigger>;

export const hangVerdicts = [
  'js-busy',
  'regexp-backtracking',
  'microtask-starvation',
  'next-tick-starvation',
  'wasm-busy',
  'gc-thrash',
  'native-busy',
  'native-blocked',
  'sync-io',
  'sync-child',
  'atomics-wait',
  'worker-deadlock',
  'native-deadlock',
  'threadpool-exhausted',
  'dns-stall',
  'async-stall',
  'async-deadlock',
  'lock-never-released',
  'stream-stalled',
  'ipc-blocked',
  'stdout-blocked',
  'loop-slow',
  'timer-storm',
  'stopped',
  'traced',
  'debugger-paused',
  'uninterruptible-io',
  'cpu-throttled',
  'cluster-primary-blocked',
] as const;
export const calmVerdicts = ['idle', 'healthy'] as const;
export const crashVerdicts = [
  'uncaught-exception',
  'unhandled-rejection',
  'stack-overflow',
  'heap-out-of-memory',
  'worker-out-of-memory',
  'native-crash',
  'native-stack-overflow',
  'aborted',
  'exit-called',
  'killed-by-signal',
  'killed-by-oom-killer',
  'double-fault',
  'worker-crash',
] as const;

/** The named conclusion, with the evidence it cites. */
export const Verdict = v.looseObject({
  kind: v.picklist([...hangVerdicts, ...calmVerdicts, ...crashVerdicts]),
  /** One sentence for the person at 3 a.m. */
  summary: v.string(),
  confidence: v.picklist(['certain', 'likely', 'guess']),
  /** tid of the guilty thread. */
  thread: v.exactOptional(Tid),
  evidence: v.array(v.looseObject({ text: v.string() })),
  advice: v.exactOptional(v.string()),
});
export type Verdict = v.InferOutput<typeof Verdict>;

/** The error of a crash, as far as it can be told without running user code. */
export interface ErrorRecord {
  name: string;
  message: string;
  /** error.stack, as it was. */
  stack?: string;
  cause?: ErrorRecord;
  /** AggregateError. */
  errors?: ErrorRecord[];
  properties: Variable[];
}
export const ErrorRecord: v.GenericSchema<ErrorRecord> = v.looseObject({
  name: v.string(),
  message: v.string(),
  stack: v.exactOptional(v.string()),
  cause: v.exactOptional(v.lazy(() => ErrorRecord)),
  errors: v.exactOptional(v.array(v.lazy(() => ErrorRecord))),
  properties: v.array(Variable),
});

/** The machine the target ran on. `unknown`, and no more, where a core does not tell. */
export const Host = v.looseObject({
  hostname: v.string(),
  kernel: v.string(),
  cpus: v.exactOptional(v.number()),
  memory: v.exactOptional(v.looseObject({ totalBytes: v.number(), availableBytes: v.number() })),
  containerId: v.exactOptional(v.string()),
});
export type Host = v.InferOutput<typeof Host>;

export const Process = v.looseObject({
  pid: v.number(),
  /** RFC 3339. With `pid` it names the process for good: a reused pid has another start time. */
  startTime: v.exactOptional(v.string()),
  argv: v.exactOptional(v.array(v.string())),
  execPath: v.exactOptional(v.string()),
  cwd: v.exactOptional(v.string()),
  nodeVersion: v.exactOptional(v.string()),
  v8Version: v.exactOptional(v.string()),
  uptimeMs: v.exactOptional(Milliseconds),
  cgroup: v.exactOptional(v.string()),
  /** proc(5) limits: soft limits by name; -1 is unlimited. */
  limits: v.exactOptional(v.record(v.string(), v.number())),
  /** Environment, redacted by key and by the look of the value. */
  env: v.exactOptional(v.record(v.string(), v.string())),
  /** What descriptors 0, 1 and 2 are: `pipe:[…]`, `/dev/pts/0`, a path. */
  stdio: v.exactOptional(v.array(v.string())),
});
export type Process = v.InferOutput<typeof Process>;

/** Everything. */
export const Report = v.looseObject({
  id: v.string(),
  formatVersion: v.number(),
  minReaderVersion: v.number(),
  /** RFC 3339, UTC. */
  capturedAt: v.string(),
  /** From the request to the finished report. */
  durationMs: Milliseconds,
  /** The longest time any thread of the target stood still because of us. */
  pausedMs: Milliseconds,
  trigger: Trigger,
  verdict: Verdict,
  /** Two reports with the same signature are the same trouble. */
  signature: v.string(),
  host: Host,
  process: Process,
  threads: v.array(Thread),
  tasks: v.array(Task),
  handles: v.array(Handle),
  requests: v.array(Request),
  threadpool: v.exactOptional(Threadpool),
  /** Of JavaScript, grouped by callback. */
  timers: v.array(Timer),
  error: v.exactOptional(ErrorRecord),
  timeline: v.exactOptional(v.array(v.looseObject({}))),
  breadcrumbs: v.exactOptional(v.array(v.looseObject({}))),
  /** Facts the program attached through the agent's annotate(). */
  annotations: v.exactOptional(v.record(v.string(), v.string())),
  samples: v.exactOptional(v.array(v.looseObject({}))),
  /** Every rung that failed and every fact that could not be had, with the reason. */
  missing: v.array(v.looseObject({ what: v.string(), reason: v.string() })),
  redactions: v.looseObject({ count: v.number(), keys: v.array(v.string()) }),
});
export type Report = v.InferOutput<typeof Report>;

/** One entry of `Report.missing`. */
export type Missing = Report['missing'][number];

/** A report before it is judged: what `capture` hands to `diagnose`. */
export type Capture = { [K in keyof Report as Exclude<K, 'verdict' | 'signature'>]: Report[K] };
