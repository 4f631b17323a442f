/** Each kind of hang beside what looks like it and is another, or none: a recorder that cries wolf is switched off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '#dist/diagnose/diagnose.js';
import type {
  Capture,
  Frame,
  Neighbour,
  Request,
  SampleThread,
  Task,
  Thread,
  Timer,
  Verdict,
} from '#dist/report/schema.js';
import { captureOf, frame, idleMain, priceOf, route, stuckLoop } from './captures.ts';

const cpp = (name: string): Frame => frame(name, 'node', 0, { kind: 'native' });
const called = (name: string, more: Partial<Frame> = {}): Frame => ({
  function: name,
  kind: 'native',
  arguments: [],
  locals: [],
  ...more,
});
const busyMain: Partial<Thread> = { vmState: 'JS', loop: stuckLoop };

/** Four looks at the main thread, 100 ms apart. */
function looks(
  each: Partial<SampleThread>,
  others: readonly Partial<SampleThread>[] = [],
): NonNullable<Capture['samples']> {
  return [0, 1, 2, 3].map((i) => ({
    atMs: i * 100,
    threads: [{ tid: 4242, ...each }, ...others].map((thread) => {
      const { loopTurns, microtasks, tickId, cpuMs, ...rest } = thread;
      return {
        tid: 4242,
        frames: [],
        ...rest,
        ...(cpuMs !== undefined && { cpuMs: 50 + i * cpuMs }),
        ...(loopTurns !== undefined && { loopTurns: i * loopTurns }),
        ...(microtasks !== undefined && { microtasks: i * microtasks }),
        ...(tickId !== undefined && { tickId: tickId + i }),
      };
    }),
  }));
}
const runs: Partial<SampleThread> = {
  state: 'R',
  call: 'running',
  cpuMs: 100,
  loopTurns: 0,
  pollingShare: 0,
};
const waits: Partial<SampleThread> = {
  state: 'S',
  call: 'epoll_wait(14n)',
  cpuMs: 0,
  loopTurns: 0,
  pollingShare: 1,
};
const collecting = { vmStates: { GC: 18, JS: 4 } };
const reading: Partial<SampleThread> = { tid: 50, state: 'S', call: 'read(20n)', cpuMs: 0 };
const computing: Partial<SampleThread> = { tid: 50, state: 'R', call: 'running', cpuMs: 100 };

const listening = { type: 'tcp', state: 'listening', address: '127.0.0.1:8080' };
const fromClient = {
  ...{ type: 'tcp', state: 'connected' },
  ...{ address: '127.0.0.1:8080', peer: '127.0.0.1:40312' },
};
const toDatabase = {
  ...{ type: 'tcp', state: 'connected' },
  ...{ address: '127.0.0.1:40314', peer: '127.0.0.1:5432' },
};
const refill: Timer = {
  ...{ kind: 'interval', count: 1, delayMs: 400, repeat: true },
  ...{ function: 'refill', file: '/srv/shop/bucket.js' },
};

function task(id: number, name: string, more: Partial<Task> = {}): Task {
  return {
    id,
    function: name,
    file: '/srv/shop/cart.js',
    line: 40 + id,
    column: 3,
    locals: [],
    arguments: [],
    awaitedBy: [],
    ...more,
  };
}
const unsettled = 'a promise that nothing was found to settle';
const kept = 'a promise whose resolve function is kept in an array';
const keptByKey = 'a promise whose resolve function is kept in a Map, as "A-1"';
const accused = { kind: 'rule', reason: 'GET http://127.0.0.1/: no answer within 5 s' } as const;
const backlog: Request = {
  type: 'write',
  state: 'waiting',
  tid: 4242,
  fd: 20,
  count: 3,
  pendingBytes: 5_000_000,
};
const socket = {
  type: 'tcp',
  tid: 4242,
  fd: 20,
  active: true,
  state: 'connected',
  peer: '10.0.0.7:443',
  pendingBytes: 5_000_000,
};
const child: Neighbour = {
  relation: 'child',
  pid: 77,
  name: 'node',
  argv: ['node', 'child.js'],
  state: 'R',
};
const pool = { size: 4, idle: 0, running: 4, queued: 2, slowQueued: 0, threads: [] };
const onPool: Request = {
  type: 'fs',
  operation: 'read',
  file: '/tmp/log.fifo',
  state: 'running',
  tid: 4242,
  poolTid: 50,
};
const queued: Request = {
  type: 'fs',
  operation: 'open',
  path: '/srv/a.json',
  state: 'queued',
  tid: 4242,
};
const lookup: Request = {
  type: 'getaddrinfo',
  host: 'db.internal',
  state: 'running',
  tid: 4242,
  poolTid: 50,
};
const heap = {
  limitBytes: 100e6,
  spaces: [{ name: 'old_space', usedBytes: 95e6, committedBytes: 97e6 }],
};
const matching = [
  cpp('v8::internal::RegExpImpl::IrregexpExec'),
  called('test', { kind: 'builtin' }),
  priceOf,
  route,
];
const quota = {
  cpus: 0.1,
  cgroup: '/kubepods/a',
  overMs: 300,
  periods: 3,
  throttledPeriods: 3,
  throttledMs: 270,
};
const waitCall = (timeout: string): Frame =>
  called('wait', {
    arguments: ['a', '0', '1', timeout].map((preview, i) => ({
      name: `arg${i}`,
      value: { type: i === 3 && timeout !== 'undefined' ? 'number' : 'x', preview },
    })),
  });
const waiter = (timeout = 'undefined'): Partial<Thread> => ({
  state: 'S',
  vmState: 'ATOMICS_WAIT',
  syscall: 'futex(0x1, wait)',
  frames: [waitCall(timeout), priceOf],
  loop: stuckLoop,
});
const worker = (more: Partial<Thread>): Thread => ({
  tid: 60,
  kind: 'worker',
  name: 'node',
  state: 'S',
  frames: [],
  ...more,
});

/** What else is there, and whether functions that wait for a lock are then to be told. */
const besideLock: readonly (readonly [string, Partial<Capture>, boolean])[] = [
  ['nothing else', {}, true],
  ['connections of clients', { handles: [listening, fromClient] }, true],
  ['a timer of the program', { timers: [refill] }, false],
  ['a query on a connection', { handles: [listening, toDatabase] }, false],
];
/** A lock whose holder waits for something that the program keeps. */
const heldForAnswer = [
  task(1, 'reserve', { line: 9, awaits: keptByKey }),
  task(2, 'reserve', { line: 7, awaits: 3, dependsOn: [3] }),
  task(3, 'Mutex.acquire', { awaits: kept, awaitedBy: [2] }),
];
const withoutHolder = [
  task(1, 'report', { awaits: 2, dependsOn: [2] }),
  task(2, 'Semaphore.acquire', { awaits: kept, awaitedBy: [1] }),
];

/** In a long line, from the column 9,000 on. */
function bundled(line: string, column: number): Partial<Task> {
  const source = { line, before: [], after: [], column, length: 100_000 };
  return { line: 2, column: 9_000 + column, source };
}

function mapped(line: number): NonNullable<Task['original']> {
  return { file: '/srv/shop/src/cart.ts', line, column: 3 };
}

interface Case {
  readonly name: string;
  readonly main: Partial<Thread>;
  readonly capture?: Partial<Capture>;
  readonly threads?: readonly Thread[];
  readonly kind: Verdict['kind'];
  readonly says?: RegExp;
}

const cases: readonly Case[] = [
  {
    name: 'an expression in all looks',
    main: { ...busyMain, frames: matching },
    capture: { samples: looks({ ...runs, frames: matching }) },
    kind: 'regexp-backtracking',
    says: /does not come to an end, called by priceOf at orders\.js:42/,
  },
  {
    name: 'an expression in one look of a loop',
    main: { ...busyMain, frames: matching },
    capture: { samples: looks({ ...runs, frames: [priceOf, route] }) },
    kind: 'js-busy',
  },
  {
    name: 'WebAssembly on top',
    main: { ...busyMain, frames: [frame('blur', 'wasm://wasm/1', 0, { kind: 'wasm' }), priceOf] },
    kind: 'wasm-busy',
    says: /in blur of wasm:\/\/wasm\/1/,
  },
  {
    name: 'JavaScript that WebAssembly has called',
    main: { ...busyMain, frames: [priceOf, frame('blur', 'wasm://wasm/1', 0, { kind: 'wasm' })] },
    kind: 'js-busy',
  },
  {
    name: 'the collector at work, the heap full',
    main: { ...busyMain, heap },
    capture: { samples: looks({ ...runs, ...collecting }) },
    kind: 'gc-thrash',
    says: /82 % of 88 readings/,
  },
  {
    name: 'the collector at work, and the loop turns',
    main: { vmState: 'GC', loop: { alive: true, lastTurnAgoMs: 20 }, heap },
    capture: { samples: looks({ ...runs, ...collecting, loopTurns: 9 }) },
    kind: 'healthy',
  },
  {
    name: 'a native function in all looks',
    main: {
      ...busyMain,
      frames: [
        cpp('PBKDF2'),
        called('run'),
        frame('pbkdf2Sync', 'node:internal/crypto/pbkdf2', 9),
        priceOf,
      ],
    },
    capture: { samples: looks({ ...runs, frames: [cpp('PBKDF2'), called('run'), priceOf] }) },
    kind: 'native-busy',
    says: /in crypto\.pbkdf2Sync, called by priceOf/,
  },
  ...[
    { engine: ['BrotliDecompress'], says: /in zlib\.brotliDecompressSync, called by priceOf/ },
    { engine: [], says: /in a synchronous function of zlib, called by priceOf/ },
  ].map(({ engine, says }): Case => ({
    name: `zlib, ${engine.length === 0 ? 'without values' : 'by the class of its engine'}`,
    main: {
      ...busyMain,
      frames: [
        cpp('BrotliDecoderDecompressStream'),
        {
          ...frame('zlibBufferSync', 'node:zlib', 155),
          arguments: engine.map((className) => ({
            name: 'engine',
            value: { type: 'object', className, preview: `${className} {}` },
          })),
        },
        frame('syncBufferWrapper', 'node:zlib', 749),
        priceOf,
      ],
    },
    capture: {
      samples: looks({
        ...runs,
        frames: [cpp('BrotliDecoderDecompressStream'), called('run'), priceOf],
      }),
    },
    kind: 'native-busy',
    says,
  })),
  {
    name: 'the runtime of V8 below a loop of JavaScript',
    main: { ...busyMain, frames: [cpp('v8::internal::Runtime_DateCurrentTime'), priceOf] },
    capture: {
      samples: looks({ ...runs, frames: [cpp('v8::internal::Runtime_DateCurrentTime'), priceOf] }),
    },
    kind: 'js-busy',
  },
  {
    name: 'microtasks run, the loop does not turn',
    main: busyMain,
    capture: { samples: looks({ ...runs, microtasks: 90_000 }) },
    kind: 'microtask-starvation',
    says: /270,000 microtasks ran within 300 ms/,
  },
  {
    name: 'one endless microtask',
    main: busyMain,
    capture: { samples: looks({ ...runs, microtasks: 0 }) },
    kind: 'js-busy',
  },
  {
    name: 'another tick in each look',
    main: busyMain,
    capture: {
      samples: looks({
        ...runs,
        tickId: 900,
        microtasks: 0,
        frames: [
          priceOf,
          frame('processTicksAndRejections', 'node:internal/process/task_queues', 81),
        ],
      }),
    },
    kind: 'next-tick-starvation',
    says: /tick 900 at one look, tick 903 at another/,
  },
  {
    name: 'one endless tick',
    main: busyMain,
    capture: {
      samples: looks({
        ...runs,
        microtasks: 0,
        frames: [
          priceOf,
          frame('processTicksAndRejections', 'node:internal/process/task_queues', 81),
        ],
      }),
    },
    kind: 'js-busy',
  },
  {
    name: 'timers without end',
    main: {
      vmState: 'JS',
      loop: { alive: true, lastTurnAgoMs: 9 },
      frames: [priceOf, frame('listOnTimeout', 'node:internal/timers', 583)],
    },
    capture: {
      samples: looks({
        ...runs,
        loopTurns: 1,
        frames: [priceOf, frame('listOnTimeout', 'node:internal/timers', 583)],
      }),
      timers: [
        {
          kind: 'interval',
          count: 5_000,
          delayMs: 1,
          repeat: true,
          function: 'poll',
          file: '/srv/shop/poll.js',
          line: 3,
        },
      ],
    },
    kind: 'timer-storm',
    says: /5,000 timers of 1 ms with the callback poll at poll\.js:3/,
  },
  {
    name: 'timers of many idle connections',
    main: idleMain,
    capture: {
      samples: looks(waits),
      timers: [
        { kind: 'timeout', count: 5_000, delayMs: 5_000, repeat: false, function: 'onTimeout' },
      ],
    },
    kind: 'idle',
  },
  {
    name: 'turns of 300 ms without a pause',
    main: { vmState: 'JS', loop: { alive: true, lastTurnAgoMs: 90 } },
    capture: { samples: looks({ ...runs, loopTurns: 1 / 3 }) },
    kind: 'loop-slow',
    says: /about 300 ms a turn/,
  },
  {
    name: 'the same on a machine that lets it run a tenth of the time',
    main: { vmState: 'JS', loop: { alive: true, lastTurnAgoMs: 90 } },
    capture: {
      samples: looks({ ...runs, cpuMs: 10, loopTurns: 1 / 3 }),
      host: { hostname: 'h', kernel: 'k', pressure: { cpu: 83.4, memory: 0, io: 0 } },
    },
    kind: 'healthy',
    says: /short of CPUs: some task waited for one during 83 % of the last 10 s/,
  },
  {
    name: 'a turn that began not long before the looks, and none of them saw its end',
    main: { vmState: 'JS', loop: { alive: false, lastTurnAgoMs: 800 } },
    capture: { samples: looks({ ...runs, loopTurns: 0 }) },
    kind: 'js-busy',
  },
  {
    name: 'the same, and the turn before that was a moment ago',
    main: { vmState: 'JS', loop: { alive: true, lastTurnAgoMs: 750 } },
    capture: { samples: looks({ ...runs, loopTurns: 0 }) },
    kind: 'js-busy',
    says: /last turned 750 ms ago, and not once while it was looked at/,
  },
  {
    name: 'the same, looked at for less than a hang is long',
    main: { vmState: 'JS', loop: { alive: false, lastTurnAgoMs: 19 } },
    capture: { samples: looks({ ...runs, loopTurns: 0 }) },
    kind: 'healthy',
  },
  {
    name: 'a hang that ended before its stack was read',
    main: { ...busyMain, frames: [] },
    capture: {
      trigger: { kind: 'hang', reason: 'no turn for 5 s', stalledForMs: 5_000 },
      samples: looks({ ...waits, pollingShare: 0.4 }),
    },
    kind: 'healthy',
    says: /had recovered by the time it was captured/,
  },
  {
    name: 'a process that was let go a moment ago, and waits again in the next look',
    main: {
      state: 'R',
      vmState: 'IDLE',
      frames: [],
      loop: { alive: false, lastTurnAgoMs: 1_500 },
    },
    capture: {
      samples: [
        { atMs: 0, threads: [{ tid: 4242, state: 'R', call: 'running', cpuMs: 50, frames: [] }] },
        {
          atMs: 250,
          threads: [{ tid: 4242, state: 'S', call: 'epoll_wait(14, 8)', cpuMs: 50, frames: [] }],
        },
      ],
    },
    kind: 'healthy',
  },
  {
    name: 'a hang that ended right after its stack was read',
    main: busyMain,
    capture: {
      trigger: { kind: 'hang', reason: 'no turn for 5 s', stalledForMs: 5_000 },
      samples: looks({ ...runs, pollingShare: 0.4 }),
    },
    kind: 'js-busy',
    says: /waited for work again while it was looked at: the hang was over then/,
  },
  {
    name: 'all of a CPU in short turns',
    main: { vmState: 'JS', loop: { alive: true, lastTurnAgoMs: 3 } },
    capture: { samples: looks({ ...runs, loopTurns: 40 }) },
    kind: 'healthy',
  },
  {
    name: 'a quota that holds it back',
    main: { vmState: 'JS', loop: { alive: false, lastTurnAgoMs: 6_000 } },
    capture: { samples: looks(runs), process: { pid: 4242, cpuQuota: quota } },
    kind: 'cpu-throttled',
    says: /CPU quota of 0\.1 CPUs.*not let run 90 % of the time/,
  },
  {
    name: 'a loop that had minutes of CPU in spite of its quota',
    main: { vmState: 'JS', loop: { alive: false, lastTurnAgoMs: 600_000 } },
    capture: { samples: looks(runs), process: { pid: 4242, cpuQuota: quota } },
    kind: 'js-busy',
  },
  {
    name: 'a breakpoint',
    main: {
      state: 'S',
      syscall: 'futex(0x1, wait)',
      loop: stuckLoop,
      frames: [
        cpp('node::inspector::MainThreadInterface::WaitForFrontendEvent'),
        cpp('v8::internal::Debug::OnDebugBreak'),
        priceOf,
      ],
    },
    capture: { neighbours: [{ relation: 'debugger', pid: 9, name: 'chrome' }] },
    kind: 'debugger-paused',
    says: /process 9 \(chrome\) holds it in priceOf at orders\.js:42/,
  },
  {
    name: 'a program that waits for its debugger',
    main: {
      state: 'S',
      syscall: 'futex(0x1, wait)',
      loop: stuckLoop,
      frames: [cpp('node::inspector::MainThreadInterface::WaitForFrontendEvent'), priceOf],
    },
    kind: 'debugger-paused',
    says: /waits for a debugger to connect/,
  },
  {
    name: 'main thread and worker in Atomics.wait',
    main: waiter(),
    threads: [worker(waiter())],
    kind: 'worker-deadlock',
  },
  {
    name: 'a worker that runs may still notify',
    main: waiter(),
    threads: [worker({ vmState: 'JS', state: 'R', frames: [priceOf] })],
    kind: 'atomics-wait',
  },
  {
    name: 'a wait with a timeout',
    main: waiter('5000'),
    threads: [worker(waiter())],
    kind: 'atomics-wait',
  },
  {
    name: 'mutexes in a circle',
    main: {
      state: 'S',
      syscall: 'futex(0xa, wait)',
      loop: stuckLoop,
      note: 'waits for the mutex 0xa held by thread 60',
    },
    threads: [worker({ kind: 'native', note: 'waits for the mutex 0xb held by thread 4242' })],
    kind: 'native-deadlock',
    says: /thread 60 waits for mutex 0xb, which thread 4242 holds/,
  },
  {
    name: 'a mutex whose owner does something else',
    main: {
      state: 'S',
      syscall: 'futex(0xa, wait)',
      loop: stuckLoop,
      note: 'waits for the mutex 0xa held by thread 60',
    },
    threads: [worker({ kind: 'native' })],
    kind: 'native-blocked',
  },
  {
    name: 'a full pipe at standard output',
    main: { state: 'S', syscall: 'write(fd 1 → pipe:[9], 64 bytes)', loop: stuckLoop },
    capture: {
      neighbours: [
        {
          relation: 'pipe',
          pid: 8,
          name: 'less',
          fd: 1,
          access: 'reads',
          state: 'S',
          syscall: 'read(fd 3 → /dev/tty)',
        },
      ],
    },
    kind: 'stdout-blocked',
    says: /process 8 \(less\) should read it, but waits in read\(fd 3 → \/dev\/tty\)/,
  },
  {
    name: 'a slow file at standard output',
    main: { state: 'S', syscall: 'write(fd 1 → /var/log/a, 64 bytes)', loop: stuckLoop },
    kind: 'sync-io',
  },
  {
    name: 'a worker of a cluster whose primary spins',
    main: idleMain,
    capture: {
      samples: looks(waits),
      process: { pid: 4242, env: { NODE_UNIQUE_ID: '1' } },
      neighbours: [{ ...child, relation: 'parent', loop: 'stuck', lastTurnAgoMs: 4_000 }],
    },
    kind: 'cluster-primary-blocked',
    says: /does not turn its own event loop, for 4\.0 s/,
  },
  {
    name: 'a worker of a cluster whose primary is at work for a moment',
    main: idleMain,
    capture: {
      samples: looks(waits),
      process: { pid: 4242, env: { NODE_UNIQUE_ID: '1' } },
      neighbours: [{ ...child, relation: 'parent', loop: 'stuck', lastTurnAgoMs: 150 }],
    },
    kind: 'idle',
  },
  {
    name: 'a look-up that waits',
    main: idleMain,
    capture: { samples: looks(waits, [reading]), requests: [lookup] },
    kind: 'dns-stall',
    says: /db\.internal/,
  },
  {
    name: 'a look-up that gets on',
    main: idleMain,
    capture: { samples: looks(waits, [computing]), requests: [lookup] },
    kind: 'idle',
  },
  {
    name: 'a pool of blocked reads, and work waits',
    main: idleMain,
    capture: { samples: looks(waits, [reading]), requests: [onPool, queued], threadpool: pool },
    kind: 'threadpool-exhausted',
    says: /All 4 threads .* \(1 × fs read\), and 2 more requests wait/,
  },
  {
    name: 'a pool that computes',
    main: idleMain,
    capture: { samples: looks(waits, [computing]), requests: [onPool, queued], threadpool: pool },
    kind: 'idle',
  },
  {
    name: 'blocked reads, and a thread is free',
    main: idleMain,
    capture: {
      samples: looks(waits, [reading]),
      requests: [onPool],
      threadpool: { ...pool, idle: 1, queued: 0 },
    },
    kind: 'idle',
  },
  {
    name: 'a child that does not read its channel',
    main: idleMain,
    capture: {
      samples: looks(waits),
      requests: [backlog],
      handles: [{ type: 'pipe', tid: 4242, fd: 20, active: true, pendingBytes: 5_000_000 }],
      neighbours: [
        { ...child, loop: 'stuck' },
        { ...child, relation: 'socket', fd: 20, peerFd: 3, loop: 'stuck' },
      ],
    },
    kind: 'ipc-blocked',
    says: /Messages to process 77 \(node child\.js\) are not read: 4\.8 MiB wait in 3 messages/,
  },
  {
    name: 'a child that is just behind',
    main: idleMain,
    capture: {
      samples: looks({ ...waits, loopTurns: 3 }),
      requests: [backlog],
      handles: [{ type: 'pipe', tid: 4242, fd: 20, active: true, pendingBytes: 5_000_000 }],
      neighbours: [
        { ...child, loop: 'turning' },
        { ...child, relation: 'socket', fd: 20, peerFd: 3, loop: 'turning' },
      ],
    },
    kind: 'idle',
  },
  {
    name: 'the only connection is stalled',
    main: idleMain,
    capture: {
      samples: looks(waits),
      requests: [backlog],
      handles: [{ ...socket, peerFull: true }],
    },
    kind: 'stream-stalled',
    says: /10\.0\.0\.7:443 does not read: 4\.8 MiB/,
  },
  {
    name: 'one slow client among many',
    main: idleMain,
    capture: {
      samples: looks(waits),
      requests: [backlog],
      handles: [
        { ...socket, peerFull: true },
        ...[21, 22, 23].map((fd) => ({ ...socket, fd, pendingBytes: 0 })),
      ],
    },
    kind: 'idle',
  },
  {
    name: 'a connection that takes bytes',
    main: idleMain,
    capture: {
      samples: looks({ ...waits, loopTurns: 5 }),
      requests: [backlog],
      handles: [{ ...socket, peerFull: true }],
    },
    kind: 'idle',
  },
  {
    name: 'a circle of awaits',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'load', { awaits: 2, dependsOn: [2], cycle: [1, 2], awaitedBy: [2, 3] }),
        task(2, 'start', { awaits: 1, dependsOn: [1], cycle: [1, 2], awaitedBy: [1] }),
        task(3, 'main', { awaits: 1, dependsOn: [1] }),
      ],
    },
    kind: 'async-deadlock',
    says: /load at cart\.js:41 → start at cart\.js:42; 1 more wait for them/,
  },
  {
    name: 'a lock whose holder cannot go on',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'reserve', { line: 9, awaits: unsettled }),
        task(2, 'reserve', { line: 7, awaits: 3, dependsOn: [3] }),
        task(3, 'Mutex.acquire', { awaits: kept, awaitedBy: [2] }),
      ],
    },
    kind: 'lock-never-released',
    says: /taken at cart\.js:7 by task 1, reserve at cart\.js:9/,
  },
  {
    name: 'a lock in a bundle of one line',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'reserve', {
          ...bundled('await load(e);await lock.acquire()', 6),
          awaits: unsettled,
        }),
        task(2, 'reserve', {
          ...bundled('await load(e);await lock.acquire()', 15),
          asks: { call: 'lock.acquire', line: 2, column: 9_021 },
          awaits: kept,
        }),
        task(3, 'reserve', {
          ...bundled('await lock.acquire();await pay(e)', 22),
          holds: [{ call: 'lock.acquire', line: 2, column: 9_021 }],
          awaits: unsettled,
        }),
      ],
    },
    kind: 'lock-never-released',
    says: /\(lock\.acquire\) .* taken at cart\.js:2:9021 by task 3, reserve at cart\.js:2:9022/,
  },
  {
    name: 'a lock in a bundle with a source map',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'reserve', { line: 1, original: mapped(9), awaits: unsettled }),
        task(2, 'reserve', { line: 1, original: mapped(7), awaits: 3, dependsOn: [3] }),
        task(3, 'Mutex.acquire', { line: 1, awaits: kept, awaitedBy: [2] }),
      ],
    },
    kind: 'lock-never-released',
    says: /taken at src\/cart\.ts:7 by task 1, reserve at src\/cart\.ts:9/,
  },
  {
    name: 'a lock whose holder waits for the network',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'reserve', { line: 9, awaits: 'a promise that onmessage of node:net may settle' }),
        task(2, 'reserve', { line: 7, awaits: 3, dependsOn: [3] }),
        task(3, 'Mutex.acquire', { awaits: kept, awaitedBy: [2] }),
      ],
    },
    kind: 'idle',
  },
  ...besideLock.map(([what, more, isAccused]): Case => ({
    name: `a lock that no waiting function has, beside ${what}`,
    main: idleMain,
    capture: { tasks: withoutHolder, ...more },
    ...(isAccused
      ? {
          kind: 'lock-never-released',
          says: /no async function that waits has it, and nothing is under way that could release it/,
        }
      : { kind: 'idle' }),
  })),
  {
    name: 'a lock in a server that does not answer, its holder perhaps a callback',
    main: idleMain,
    capture: {
      trigger: accused,
      handles: [toDatabase],
      tasks: withoutHolder,
    },
    kind: 'lock-never-released',
    says: /it may be with a callback of what is under way/,
  },
  {
    name: 'a Worker that computes',
    main: idleMain,
    threads: [
      worker({
        tid: 50,
        vmState: 'JS',
        state: 'R',
        frames: [priceOf],
        loop: { alive: false, lastTurnAgoMs: 3_000 },
      }),
    ],
    capture: { samples: looks(waits, [computing]) },
    kind: 'idle',
    says: /^The main thread is idle: .*; Worker 50 runs priceOf .*, its loop last turned 3\.0 s ago\.$/m,
  },
  {
    name: 'a pool at work',
    main: idleMain,
    capture: {
      samples: looks(waits),
      requests: [{ type: 'work', operation: 'pbkdf2', state: 'running', poolTid: 50 }],
      threadpool: { size: 4, idle: 3, running: 1, queued: 0, slowQueued: 0, threads: [] },
    },
    kind: 'idle',
    says: /^The main thread is idle: .*; 1 of 4 threads of the pool is at work \(1 × pbkdf2\)\.$/m,
  },
  {
    name: 'a lock whose holder waits for an answer that nothing can bring',
    main: idleMain,
    capture: {
      tasks: heldForAnswer,
    },
    kind: 'lock-never-released',
  },
  {
    name: 'a lock whose holder waits for an answer that a connection may bring',
    main: idleMain,
    capture: {
      handles: [{ type: 'tcp', peer: '10.0.0.7:6379', state: 'connected' }],
      tasks: heldForAnswer,
    },
    kind: 'idle',
  },
  {
    name: 'a lock whose holder waits for another lock, which a timer will free',
    main: idleMain,
    capture: {
      tasks: [...heldForAnswer, task(4, 'ship', { awaits: 'a timer of 50 ms' })],
    },
    kind: 'idle',
  },
  {
    name: 'consumers of an empty queue',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'consume', { awaits: 2, dependsOn: [2] }),
        task(2, 'Queue.take', { awaits: kept, awaitedBy: [1] }),
      ],
    },
    kind: 'idle',
  },
  {
    name: 'work that nothing will resume',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'checkOut', { awaits: unsettled, awaitedBy: [2] }),
        task(2, 'answer', { awaits: 1, dependsOn: [1] }),
      ],
    },
    kind: 'async-stall',
    says: /checkOut at cart\.js:41 waits for a promise that nothing was found to settle; answer waits for it/,
  },
  ...([true, false] as const).map((isInMotion): Case => ({
    name: `a member that nothing was found to settle, ${isInMotion ? 'of functions that go on' : 'and nothing moves'}`,
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'checkOut', {
          awaits: `Promise.all: 2 of 2 members pend; one of them ${unsettled}`,
          awaitedBy: [2],
        }),
        task(2, 'answer', { awaits: 1, dependsOn: [1] }),
        task(3, 'ship', {
          awaits: isInMotion ? 'a promise that has settled meanwhile' : 'a timer of 50 ms',
        }),
      ],
    },
    kind: isInMotion ? 'idle' : 'async-stall',
  })),
  {
    name: 'a function that came to its await while the heap was searched',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'checkOut', {
          awaits: 'something that was not found: no pending promise would resume it',
          awaitedBy: [2],
        }),
        task(2, 'answer', { awaits: 1, dependsOn: [1] }),
      ],
    },
    kind: 'idle',
  },
  {
    name: 'main parked for good',
    main: idleMain,
    capture: { tasks: [task(1, 'main', { awaits: unsettled })] },
    kind: 'idle',
  },
  {
    name: 'work that an addon may resume',
    main: { ...idleMain, loop: { alive: true, activeRequests: 1 } },
    capture: {
      tasks: [
        task(1, 'query', { awaits: unsettled, awaitedBy: [2] }),
        task(2, 'answer', { awaits: 1, dependsOn: [1] }),
      ],
    },
    kind: 'idle',
  },
  {
    name: 'a server that did not answer a probe, its loop alive',
    main: idleMain,
    capture: {
      trigger: accused,
      tasks: [task(1, 'query', { awaits: 'a promise that onmessage of node:net may settle' })],
    },
    kind: 'async-stall',
  },
  {
    name: 'a server with tasks that wait for sockets and timers',
    main: idleMain,
    capture: {
      tasks: [
        task(1, 'query', { awaits: 'a promise that onmessage of node:net may settle' }),
        task(2, 'tick', { awaits: 'a timer of 5000 ms' }),
      ],
    },
    kind: 'idle',
  },
];

for (const { name, main, capture, threads, kind, says } of cases) {
  test(`diagnose: ${name}: ${kind}`, () => {
    const asleep = main.state === 'S' ? { samples: looks(waits) } : {};
    const made = captureOf({
      main,
      capture: { ...asleep, ...capture },
    });
    const cwd = { ...made.process, cwd: '/srv/shop' };
    const verdict = diagnose({
      ...made,
      process: cwd,
      threads: [...made.threads, ...(threads ?? [])],
    });
    const words = [
      verdict.summary,
      ...verdict.evidence.map((one) => one.text),
      verdict.advice ?? '',
    ].join('\n');
    assert.equal(verdict.kind, kind, words);
    if (says !== undefined) assert.match(words, says);
    assert.ok(verdict.evidence.length > 0);
    assert.ok(!/undefined|NaN|\[object/.test(words), words);
  });
}
