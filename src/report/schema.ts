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
export const formatVersion = 2;
/** The oldest reader that can make sense of what this version writes. */
export const minReaderVersion = 2;

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
  /**
   * Where the elements of an Int32Array or BigInt64Array outside the heap are: two threads that show the same address
   * share that memory, and can wait for each other with Atomics.wait(). Added in format 2.
   */
  dataAddress?: string;
  /** True when `properties` or `preview` show less than there is. */
  truncated?: boolean;
  /** Of a function or generator: where it was written, or stands. Added in format 2. */
  place?: { file: string; line?: number; column?: number };
  /** Descriptor that a socket or server of Node's own stands for: the handle with this number has its addresses. Added in format 2. */
  fd?: number;
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
  dataAddress: v.exactOptional(v.string()),
  truncated: v.exactOptional(v.boolean()),
  place: v.exactOptional(
    v.looseObject({
      file: v.string(),
      line: v.exactOptional(v.number()),
      column: v.exactOptional(v.number()),
    }),
  ),
  fd: v.exactOptional(v.number()),
  reason: v.exactOptional(AbsenceReason),
});

/** A variable by name: an argument, a local, a variable of a closure. */
export const Variable = v.looseObject({
  name: v.string(),
  /** Its name before compilation, by source map, where that is another one. Added in format 2. */
  original: v.exactOptional(v.string()),
  value: Value,
});
export type Variable = v.InferOutput<typeof Variable>;

/** V8's execution tier of a frame; `liftoff` (since format 2) is WebAssembly's first one, its second is `turbofan`. */
export const Tier = v.picklist(['interpreted', 'baseline', 'maglev', 'turbofan', 'liftoff']);
export type Tier = v.InferOutput<typeof Tier>;

/** A line of source text, and those around it. */
export const Excerpt = v.looseObject({
  /** Text of the line itself: of a long one, such as that of a bundle, the part around the place, with `…` where it was cut. */
  line: v.string(),
  before: v.array(v.string()),
  after: v.array(v.string()),
  /**
   * Where the place is in `line`, from 1, when that is not the column of the place itself: `line` is a part, or a secret was
   * taken out before the place. Added in format 2.
   */
  column: v.exactOptional(v.number()),
  /** Characters of the whole line, when `line` is a part of it. Added in format 2. */
  length: v.exactOptional(v.number()),
});
export type Excerpt = v.InferOutput<typeof Excerpt>;

/** A place before compilation, by source map. */
export const Original = v.looseObject({
  /** A path where the map names one, else what it names, such as `webpack://shop/./src/a.ts`. */
  file: v.string(),
  line: v.number(),
  column: v.number(),
  /** Absent: the function has the same name, or the map does not tell. */
  function: v.exactOptional(v.string()),
  /** Of `file`, from the map or from the file itself. Added in format 2. */
  source: v.exactOptional(Excerpt),
});
export type Original = v.InferOutput<typeof Original>;

/** Where the name of a function is written, in the file that ran: by it a source map tells the name before compilation. */
export const Declared = v.looseObject({
  line: v.number(),
  column: v.number(),
  /** The same of the class of a method or constructor. */
  class: v.exactOptional(v.looseObject({ line: v.number(), column: v.number() })),
});
export type Declared = v.InferOutput<typeof Declared>;

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
  /** Of `file`: what ran. */
  source: v.exactOptional(Excerpt),
  /** Position before compilation, by source map. */
  original: v.exactOptional(Original),
  /** Added in format 2. */
  declared: v.exactOptional(Declared),
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
  /** Frames left out of the middle of a very deep stack: they stood before the frame of this index. Added in format 2. */
  omitted: v.exactOptional(v.looseObject({ before: v.number(), count: v.number() })),
});
export type Thread = v.InferOutput<typeof Thread>;

/** A call that a suspended async function made, by its source. */
export const TaskCall = v.looseObject({
  /** `pool.connect`; what is in brackets is left out. */
  call: v.string(),
  line: v.number(),
  column: v.number(),
  /** True: it was given a function to call with what it lends; when it returns, that has been given back. */
  scoped: v.exactOptional(v.boolean()),
  /** Place and name before compilation, by source map. */
  original: v.exactOptional(
    v.looseObject({
      /** Absent: the original text is not at hand. */
      call: v.exactOptional(v.string()),
      /** Of the original. */
      file: v.string(),
      /** Of the original. */
      line: v.number(),
      /** Of the original. */
      column: v.number(),
    }),
  ),
});
export type TaskCall = v.InferOutput<typeof TaskCall>;

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
  source: v.exactOptional(Excerpt),
  /** Position before compilation, by source map. Added in format 2. */
  original: v.exactOptional(Original),
  /** Added in format 2. */
  declared: v.exactOptional(Declared),
  /** Id of another task, or words for what it waits for. */
  awaits: v.exactOptional(v.union([v.number(), v.string()])),
  awaitedBy: v.array(v.number()),
  /** The call that it awaits. Added in format 2. */
  asks: v.exactOptional(TaskCall),
  /** Earlier calls that gave it what it gives back later, such as a lock or a connection, and has not yet. Added in format 2. */
  holds: v.exactOptional(v.array(TaskCall)),
  /** Ids of all tasks it waits for, also through Promise.all and its like. */
  dependsOn: v.exactOptional(v.array(v.number())),
  /** Of these, and of those behind them, Node's own: `awaits` tells what they wait for in the end. Added in format 2. */
  through: v.exactOptional(v.array(v.number())),
  /** Ids of the tasks that wait for each other in a circle with this one: none of them can go on. */
  cycle: v.exactOptional(v.array(v.number())),
  /** `unsure`: nothing was found that could resume it; it may be garbage that is not yet collected. */
  liveness: v.exactOptional(v.picklist(['live', 'unsure'])),
});
export type Task = v.InferOutput<typeof Task>;

/** A function of the program that hears of what happens at a handle. */
export const Listener = v.looseObject({
  /** What it listens to: `request`, `data`, `close`. */
  event: v.string(),
  /** Name of the function as V8 knows it. */
  function: v.string(),
  /** Where it was written. */
  file: v.exactOptional(v.string()),
  line: v.exactOptional(v.number()),
  column: v.exactOptional(v.number()),
  /** Position before compilation, by source map. */
  original: v.exactOptional(Original),
});
export type Listener = v.InferOutput<typeof Listener>;

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
  /** True: the other end of this TCP connection has room for nothing more (zero window). Added in format 2. */
  peerFull: v.exactOptional(v.boolean()),
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
  /** Class of the object that has it in JavaScript: `Server`, `Socket`, `ChildProcess`, `FSWatcher`, `MessagePort`. */
  owner: v.exactOptional(v.string()),
  /** Of a connection: the name of the host that it was asked for. Added in format 2. */
  about: v.exactOptional(v.string()),
  /** Of a pipe to or from a child: `stdin`, `stdout` or `stderr` of the child with this pid. */
  childStream: v.exactOptional(
    v.looseObject({
      /** Of the child. */
      pid: v.number(),
      /** Of the stream. */
      name: v.string(),
    }),
  ),
  /** Of a connection, by Node's HTTP/1: the request that is under way on it. */
  http: v.exactOptional(
    v.looseObject({
      /** `server`: this process is to answer it · `client`: it waits for the answer. */
      kind: v.picklist(['server', 'client']),
      /** `GET`, `POST`, … */
      method: v.string(),
      /** Path, or whole URL of a client; the query is not in it. */
      url: v.string(),
      /** Of the answer, once it has begun. */
      status: v.exactOptional(v.number()),
      /** True: the program has made the whole answer, and not all of it is taken. */
      isAnswered: v.exactOptional(v.boolean()),
    }),
  ),
  /** Functions of the program that listen to its owner. */
  listeners: v.exactOptional(v.array(Listener)),
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
  /** Of a single one, what its callback is about, by what that has captured: `ClientRequest {GET http://…}`, `Test {title: "…"}`. */
  about: v.exactOptional(v.string()),
  /** Thread it belongs to. */
  tid: v.exactOptional(Tid),
  /** Position before compilation, by source map. Added in format 2. */
  original: v.exactOptional(Original),
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

/** A signal that an instruction, or somebody, has caused. Addresses are hexadecimal, as `0x7f00`. Added in format 2. */
export const Fault = v.looseObject({
  signal: v.string(),
  /** In words: what the kernel says of the cause. */
  code: v.exactOptional(v.string()),
  /** The address that could not be used. */
  address: v.exactOptional(v.string()),
  /** What is mapped there. */
  mapping: v.exactOptional(v.string()),
  /** Process that sent the signal. */
  senderPid: v.exactOptional(v.number()),
  /** Registers of the thread at the fault, from the kernel's signal frame. */
  registers: v.exactOptional(v.record(v.string(), v.string())),
  /** Last words of V8 or of the C library, as they stand in memory: a check that failed. */
  message: v.exactOptional(v.string()),
  /** True: the thread's stack has run into the end of its memory. */
  stackOverflow: v.exactOptional(v.boolean()),
});
export type Fault = v.InferOutput<typeof Fault>;

/** Why the report was captured. */
export const Trigger = v.looseObject({
  kind: v.picklist(triggerKinds),
  /** A sentence: who asked, which probe failed. */
  reason: v.string(),
  /** How long the event loop had not turned when the detector fired. CLOCK_MONOTONIC: a suspended machine does not count. */
  stalledForMs: v.exactOptional(Milliseconds),
  /** Thread of a crash: the one that threw, faulted, or called exit. Added in format 2. */
  tid: v.exactOptional(Tid),
  /** Times the same error has come since it was last reported. Added in format 2. */
  repeated: v.exactOptional(v.number()),
  /** Of `exit`: the status the process ends with. Added in format 2. */
  exitStatus: v.exactOptional(v.number()),
  /** True: thrown by the handler of the uncaught error that the report is about. Added in format 2. */
  secondFault: v.exactOptional(v.boolean()),
  /** Of a core: the signal the process died of, such as `SIGSEGV`. */
  signal: v.exactOptional(v.string()),
  /** The core that the report was made of. */
  core: v.exactOptional(
    v.looseObject({
      /** Where it was. */
      path: v.string(),
      /** Its length. */
      sizeBytes: v.number(),
      /** RFC 3339. */
      modifiedAt: v.string(),
      /** Who wrote it. */
      writtenBy: v.picklist(['debugger', 'kernel']),
    }),
  ),
  /** Name of the watcher's rule that spoke. Added in format 2. */
  rule: v.exactOptional(v.string()),
  /** The same in the reports of processes that belong together and were captured for one trouble. Added in format 2. */
  incident: v.exactOptional(v.string()),
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
/** Of a report whose file was cut before its verdict. Never written. Added in format 2. */
export const lostVerdicts = ['unknown'] as const;
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
  kind: v.picklist([...hangVerdicts, ...calmVerdicts, ...crashVerdicts, ...lostVerdicts]),
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
  /** Places of the stack's lines before compilation, by source map; `row` counts the lines of `stack` from 0. Added in format 2. */
  originals?: (Original & { row: number })[];
  cause?: ErrorRecord;
  /** AggregateError. */
  errors?: ErrorRecord[];
  properties: Variable[];
}
export const ErrorRecord: v.GenericSchema<ErrorRecord> = v.looseObject({
  name: v.string(),
  message: v.string(),
  stack: v.exactOptional(v.string()),
  originals: v.exactOptional(
    v.array(v.looseObject({ ...Original.entries, row: v.pipe(v.number(), v.integer()) })),
  ),
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
  /**
   * Percent of the last 10 s in which some task of the machine waited for each (PSI). Absent where the kernel does not tell,
   * and for cores. Added in format 2.
   */
  pressure: v.exactOptional(v.looseObject({ cpu: v.number(), memory: v.number(), io: v.number() })),
  containerId: v.exactOptional(v.string()),
});
export type Host = v.InferOutput<typeof Host>;

/** The process, as the system tells of it. */
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
  /** Descriptors it has open. Added in format 2. */
  descriptors: v.exactOptional(
    v.looseObject({
      count: v.number(),
      /** How many of each kind, as far as they were looked at: `socket`, `pipe`, `file`, or the kernel's word, such as `eventpoll`. */
      kinds: v.record(v.string(), v.number()),
    }),
  ),
  /** What the CPU quota of its control group did to it during the capture. Absent: it has none. Added in format 2. */
  cpuQuota: v.exactOptional(
    v.looseObject({
      /** CPUs it may use on average; absent where that cannot be read. */
      cpus: v.exactOptional(v.number()),
      /** The control group that has the quota: its own, or one above it. */
      cgroup: v.string(),
      /** From the first to the last look at the process. */
      overMs: Milliseconds,
      periods: v.number(),
      throttledPeriods: v.number(),
      throttledMs: Milliseconds,
    }),
  ),
});
export type Process = v.InferOutput<typeof Process>;

/** A frame of a quick look: where, without values. */
export const SampleFrame = v.looseObject({
  function: v.string(),
  file: v.exactOptional(v.string()),
  line: v.exactOptional(v.number()),
  column: v.exactOptional(v.number()),
  kind: v.picklist(['js', 'builtin', 'native', 'wasm']),
  /** Position before compilation, by source map. Added in format 2. */
  original: v.exactOptional(Original),
});
export type SampleFrame = v.InferOutput<typeof SampleFrame>;

/** One thread in one of several quick looks. Counts and shares were taken without stopping anything. */
export const SampleThread = v.looseObject({
  tid: Tid,
  /** proc(5) state letter; absent when the thread had gone. */
  state: v.exactOptional(v.string()),
  /** CPU time since the thread started. */
  cpuMs: v.exactOptional(Milliseconds),
  /** `running`, or the call with its raw arguments: two looks with the same ones are the same call, or one just like it. */
  call: v.exactOptional(v.string()),
  vmState: v.exactOptional(v.string()),
  /** Readings, since the look before, of what V8 says it does: how many of each. */
  vmStates: v.exactOptional(v.record(v.string(), v.number())),
  /** Turns of its event loop since the first look; before Node 20 at least as many. */
  loopTurns: v.exactOptional(v.number()),
  /** Share of these readings, 0 to 1, in which the loop waited in its poll. */
  pollingShare: v.exactOptional(v.number()),
  /** Microtasks that ran since the first look. */
  microtasks: v.exactOptional(v.number()),
  /** Number of the process.nextTick() callback that runs: another one in another look means that it came back. */
  tickId: v.exactOptional(v.number()),
  /** Innermost first; none for threads without JavaScript, and where the reader could not look. */
  frames: v.array(SampleFrame),
});
export type SampleThread = v.InferOutput<typeof SampleThread>;

/** One of several quick looks. Added in format 2. */
export const Sample = v.looseObject({
  /** Since the first look. */
  atMs: Milliseconds,
  /** Threads with JavaScript, and those of the thread pool. */
  threads: v.array(SampleThread),
});
export type Sample = v.InferOutput<typeof Sample>;

/** Another process that this one has to do with, as it was at the capture. Added in format 2. */
export const Neighbour = v.looseObject({
  /** `pipe`: it has the same pipe or FIFO open · `socket`: it is at the other end · `debugger`: it is connected to the inspector. */
  relation: v.picklist(['parent', 'child', 'pipe', 'socket', 'tracer', 'debugger']),
  pid: v.number(),
  /** The kernel's name of its main thread. */
  name: v.string(),
  argv: v.exactOptional(v.array(v.string())),
  /** Of a child of a child: the process between, which only waits for it, as a shell does. */
  through: v.exactOptional(v.number()),
  /** proc(5) letter of its main thread. */
  state: v.exactOptional(v.string()),
  /** Call its main thread is in, as Thread.syscall. */
  syscall: v.exactOptional(v.string()),
  wchan: v.exactOptional(v.string()),
  /** CPU time of its main thread. */
  cpuMs: v.exactOptional(Milliseconds),
  /** Of Node.js processes: what their main loop does. */
  loop: v.exactOptional(v.picklist(['turning', 'polling', 'stuck', 'unknown'])),
  /** Of those: since their main loop turned. */
  lastTurnAgoMs: v.exactOptional(Milliseconds),
  /** Our descriptor of what is shared, and what it is. */
  fd: v.exactOptional(v.number()),
  file: v.exactOptional(v.string()),
  /** The other process's descriptor of it. */
  peerFd: v.exactOptional(v.number()),
  /** How the other process has it open. */
  access: v.exactOptional(v.picklist(['reads', 'writes', 'reads and writes'])),
  /** True: inferred from the numbers the kernel gave both ends, which it hands out in order. */
  isInferred: v.exactOptional(v.boolean()),
});
export type Neighbour = v.InferOutput<typeof Neighbour>;
/** A second, or more, of an event loop that did some work. Written by the agent's flight recorder. Added in format 2. */
export const TimelineEntry = v.looseObject({
  /** Its end, before `capturedAt`: never positive. Wall clock. */
  atMs: Milliseconds,
  /** `worker_threads` id; absent: the main thread. */
  workerId: v.exactOptional(v.number()),
  /** Longest time between two polls: how late an event could be. */
  loopDelayMs: v.exactOptional(Milliseconds),
  /** Time V8 spent collecting garbage on this thread. */
  gcMs: v.exactOptional(Milliseconds),
  rssBytes: v.exactOptional(v.number()),
  heapUsedBytes: v.exactOptional(v.number()),
  /** Share of the time in which the loop was not waiting, 0 to 1. */
  utilization: v.exactOptional(v.number()),
  /** HTTP requests under way. */
  requests: v.exactOptional(v.number()),
});
export type TimelineEntry = v.InferOutput<typeof TimelineEntry>;

/** A step the program noted, or a line it logged. Added in format 2 with these fields. */
export const Breadcrumb = v.looseObject({
  /** RFC 3339, by the program's wall clock. */
  at: v.exactOptional(v.string()),
  /** Of log lines: `info`, `error`, … */
  level: v.exactOptional(v.string()),
  text: v.exactOptional(v.string()),
  /** What came with it: plain data of the agent, or a Value. */
  data: v.exactOptional(v.union([Value, v.looseObject({})])),
  /** `pino`: a log line. Absent: breadcrumb(). */
  source: v.exactOptional(v.string()),
});
export type Breadcrumb = v.InferOutput<typeof Breadcrumb>;

/** An HTTP request under way. Added in format 2. */
export const HttpRequest = v.looseObject({
  /** `server`: the program is to answer it · `client`: it waits for the answer. */
  kind: v.picklist(['server', 'client']),
  method: v.string(),
  /** Path, or whole URL of a client; the query is not in it. */
  url: v.string(),
  /** Since it began. Wall clock. */
  ageMs: Milliseconds,
  /** Of clients, and of HTTP/2 servers: status of an answer whose body is still under way. */
  status: v.exactOptional(v.number()),
  /** `worker_threads` id; absent: the main thread. */
  workerId: v.exactOptional(v.number()),
  peer: v.exactOptional(v.string()),
  /** Task that works on it. */
  taskId: v.exactOptional(v.number()),
});
export type HttpRequest = v.InferOutput<typeof HttpRequest>;

/** What AsyncLocalStorage holds at the point of the capture. Added in format 2. */
export const AsyncStore = v.looseObject({
  /** Given to the agent or to AsyncLocalStorage itself, else `AsyncLocalStorage`. */
  name: v.string(),
  tid: v.exactOptional(Tid),
  value: Value,
});
export type AsyncStore = v.InferOutput<typeof AsyncStore>;

/** The end of a process that vanished, by the kernel's word. Added in format 2. */
export const End = v.looseObject({
  /** Exit status; of a process that was killed absent. */
  exitCode: v.exactOptional(v.number()),
  /** Signal that killed it. */
  signal: v.exactOptional(v.string()),
  coreDumped: v.exactOptional(v.boolean()),
  /** Who says so: `parent` (`sleeper run`), `kernel` (a pidfd), `unknown`. */
  source: v.picklist(['parent', 'kernel', 'unknown']),
  /** Last thing the process wrote into its flight recorder, RFC 3339. */
  lastSignAt: v.exactOptional(v.string()),
  /** Processes of its memory cgroup that the OOM killer had killed: at arming, or at the watcher's last look; and after the end. */
  oomKills: v.exactOptional(
    v.looseObject({ before: v.number(), after: v.number(), file: v.string() }),
  ),
  /** Limit of the memory cgroup. */
  memoryLimitBytes: v.exactOptional(v.number()),
  /** Lines of the kernel's log about its death. */
  kernelLog: v.exactOptional(v.array(v.string())),
  /** Percent of the last 10 s in which some task of the machine waited for memory (PSI). */
  memoryPressurePercent: v.exactOptional(v.number()),
});
export type End = v.InferOutput<typeof End>;

/** A file of the program that stacks, tasks or timers speak of, as it ran. Added in format 2. */
export const Script = v.looseObject({
  /** As in Frame.file. */
  file: v.string(),
  /** SHA-256 of its text as V8 held it, in UTF-8: a file with another one is of another build. */
  sha256: v.exactOptional(v.string()),
  /** What its comment says: an address, or `data:` alone for a map that stands in the file itself. */
  sourceMapUrl: v.exactOptional(v.string()),
  /** The source map that places before compilation are by. */
  sourceMap: v.exactOptional(
    v.looseObject({
      /** `inline`: in the file itself · `beside`: where its comment says, or of its name · `directory`: --source-map-dir. */
      from: v.picklist(['inline', 'beside', 'directory']),
      path: v.exactOptional(v.string()),
      sha256: v.string(),
    }),
  ),
  /** Why a source map that is there was not used. */
  problem: v.exactOptional(v.string()),
});
export type Script = v.InferOutput<typeof Script>;

/** An npm package that the report speaks of: files of it stand in stacks, tasks or timers, or an addon of it is loaded. Added in format 2. */
export const Package = v.looseObject({
  name: v.string(),
  version: v.exactOptional(v.string()),
  directory: v.string(),
  /** True: its package.json was changed since the process started, which may run another version. */
  changedSinceStart: v.exactOptional(v.boolean()),
});
export type Package = v.InferOutput<typeof Package>;

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
  /** For native crashes. */
  fault: v.exactOptional(Fault),
  /** The classes whose objects take most of a full heap, the biggest first. Added in format 2. */
  heapObjects: v.exactOptional(
    v.array(v.looseObject({ className: v.string(), count: v.number(), bytes: v.number() })),
  ),
  timeline: v.exactOptional(v.array(TimelineEntry)),
  breadcrumbs: v.exactOptional(v.array(Breadcrumb)),
  httpRequests: v.exactOptional(v.array(HttpRequest)),
  asyncStores: v.exactOptional(v.array(AsyncStore)),
  /** Of trigger `vanished`. */
  end: v.exactOptional(End),
  /** Facts the program attached through the agent's annotate(). */
  annotations: v.exactOptional(v.record(v.string(), v.string())),
  /** Several quick looks at a process that is not idle: does it move? */
  samples: v.exactOptional(v.array(Sample)),
  neighbours: v.exactOptional(v.array(Neighbour)),
  scripts: v.exactOptional(v.array(Script)),
  /** The program's own first, the others by name. */
  packages: v.exactOptional(v.array(Package)),
  /** Every rung that failed and every fact that could not be had, with the reason. */
  missing: v.array(v.looseObject({ what: v.string(), reason: v.string() })),
  redactions: v.looseObject({ count: v.number(), keys: v.array(v.string()) }),
});
export type Report = v.InferOutput<typeof Report>;

/** One entry of `Report.missing`. */
export type Missing = Report['missing'][number];

/** A report before it is judged: what `capture` hands to `diagnose`. */
export type Capture = { [K in keyof Report as Exclude<K, 'verdict' | 'signature'>]: Report[K] };
