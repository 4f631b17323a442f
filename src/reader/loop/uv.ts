/**
 * libuv's structures as bytes.
 *
 * The public ones are part of libuv's ABI and the same in all 1.x versions: offsetof() of include/uv.h 1.46 on x86-64
 * Linux, and seen to hold in 1.44 (Node 18), 1.51 (Node 22) and 1.52 (Node 24, 26). Flags are those of src/uv-common.h,
 * the queue that of src/queue.h: `next`, `prev`, a ring through its head.
 *
 *     uv_loop_t      handle_queue ──► handle.handle_queue ──► … ──► back to the loop
 *     threadpool.c   wq           ──► uv__work.wq         ──► … ──► back to wq
 *                                     uv__work lies inside uv_fs_t, uv_getaddrinfo_t, uv_work_t, …
 */
import { limits } from '../../limits.ts';
import type { PagedMemory } from '../memory/paged.ts';
import type { Address } from '../memory/source.ts';

/** uv_loop_t. */
export const uvLoop = {
  activeHandles: 8,
  handleQueue: 16,
  activeRequests: 32,
  internalFields: 40,
  backendFd: 64,
  time: 544,
} as const;

/** Where uv__loop_internal_fields_t keeps what uv_metrics_idle_time() and uv_metrics_info() tell. */
export interface LoopMetricsOffsets {
  /** uv_metrics_t::loop_count; null: not counted yet in this version. */
  readonly turns: number | null;
  /** When the loop began to wait for events, in nanoseconds of CLOCK_MONOTONIC; 0 while it does not wait. */
  readonly entryTime: number;
  /** Nanoseconds it has waited, all together. */
  readonly idleTime: number;
  readonly bytes: number;
}

/**
 * uv__loop_metrics_t in src/uv-common.h, behind `unsigned int flags`. Node switches the measuring on for its main loop
 * (uv_loop_configure(UV_METRICS_IDLE_TIME) in node::Start). By the V8 version, which tells Node's release and so libuv's.
 */
const loopMetrics: readonly { readonly sinceV8: number; readonly offsets: LoopMetricsOffsets }[] = [
  // libuv 1.45 put uv_metrics_t before them: three counters and thirteen reserved words (Node 20 and later).
  { sinceV8: 11, offsets: { turns: 8, entryTime: 136, idleTime: 144, bytes: 152 } },
  // libuv 1.44 (Node 18).
  { sinceV8: 10, offsets: { turns: null, entryTime: 8, idleTime: 16, bytes: 24 } },
];

/** Null for versions that were never looked at. */
export function findLoopMetrics([major]: readonly [number, number]): LoopMetricsOffsets | null {
  return loopMetrics.find(({ sinceV8 }) => major >= sinceV8)?.offsets ?? null;
}

/** uv_handle_t and what the kinds of handles add to it. */
export const uvHandle = {
  data: 0,
  loop: 8,
  type: 16,
  queue: 32,
  flags: 88,
  /** uv_timer_t, uv_async_t, uv_check_t, uv_idle_t, uv_prepare_t: their callback. */
  callback: 96,
  timerTimeout: 128,
  timerRepeat: 136,
  streamWriteQueueSize: 96,
  streamConnectRequest: 120,
  streamShutdownRequest: 128,
  streamFd: 184,
  streamWriteQueue: 192,
  streamConnectionCallback: 224,
  udpFd: 176,
  udpSendQueueSize: 96,
  udpSendQueueCount: 104,
  pollFd: 152,
  processPid: 104,
  fsEventPath: 96,
  fsPollContext: 96,
  signalNumber: 104,
} as const;

/** struct poll_ctx of src/uv-fs-poll.c, the same in 1.44 to 1.52: behind a uv_timer_t, a uv_fs_t, a uv_stat_t and a pointer the path itself. */
export const fsPollContext = { parent: 0, path: 800 } as const;

/** UV_HANDLE_* of src/uv-common.h. */
export const handleFlags = { closing: 1, active: 4, ref: 8, internal: 0x10 } as const;

/** uv_handle_type, by number. */
export const handleTypes = [
  'unknown',
  'async',
  'check',
  'fs-event',
  'fs-poll',
  'handle',
  'idle',
  'pipe',
  'poll',
  'prepare',
  'process',
  'stream',
  'tcp',
  'timer',
  'tty',
  'udp',
  'signal',
] as const;
export type HandleType = (typeof handleTypes)[number];

/** struct uv__work of include/uv/threadpool.h: work, done, loop, queue. */
export const uvWork = { work: 0, loop: 16, queue: 24 } as const;

/** Where uv__work lies in the requests that go through the pool, and what else they say. */
export const uvRequest = {
  fs: { work: 336, operation: 64, path: 104, newPath: 272, file: 280 },
  getaddrinfo: { work: 72, host: 128, service: 136 },
  getnameinfo: { work: 72 },
  random: { work: 104 },
  work: { work: 88, bytes: 128 },
} as const;

/** uv_fs_type, by number: new ones are added at the end. */
export const fsOperations = [
  'custom',
  'open',
  'close',
  'read',
  'write',
  'sendfile',
  'stat',
  'lstat',
  'fstat',
  'ftruncate',
  'utime',
  'futime',
  'access',
  'chmod',
  'fchmod',
  'fsync',
  'fdatasync',
  'unlink',
  'rmdir',
  'mkdir',
  'mkdtemp',
  'rename',
  'scandir',
  'link',
  'symlink',
  'readlink',
  'chown',
  'fchown',
  'realpath',
  'copyfile',
  'lchown',
  'opendir',
  'readdir',
  'closedir',
  'statfs',
  'mkstemp',
  'lutime',
] as const;

/** Operations of an open file: they have a descriptor and no path. */
export const descriptorOperations: ReadonlySet<string> = new Set([
  'close',
  'read',
  'write',
  'sendfile',
  'fstat',
  'ftruncate',
  'futime',
  'fchmod',
  'fsync',
  'fdatasync',
  'fchown',
]);

/** The nodes of a queue, and whether its end was reached. */
export interface WalkedQueue {
  readonly nodes: readonly Address[];
  /** `torn`: it changed while it was walked, or is corrupt · `over-limit`: it is longer than was asked for. */
  readonly end: 'whole' | 'torn' | 'over-limit';
}

/** Walks a queue from its head, which is not among the nodes. @throws UnreadableMemory when the head is unreadable */
export function walkQueue(memory: PagedMemory, head: Address, maxNodes: number): WalkedQueue {
  const nodes: Address[] = [];
  let previous = head;
  let node = memory.u64(head);
  // A queue in zeroed memory was never initialised.
  if (node === 0) return { nodes, end: 'whole' };
  while (node !== head) {
    if (nodes.length >= maxNodes) return { nodes, end: 'over-limit' };
    if (!memory.isReadable(node) || memory.u64(node + 8) !== previous)
      return { nodes, end: 'torn' };
    nodes.push(node);
    previous = node;
    node = memory.u64(node);
  }
  return { nodes, end: 'whole' };
}

/** A zero-terminated string; null when there is none, or it is longer than any path. */
export function readCString(memory: PagedMemory, address: Address): string | null {
  if (!memory.isReadable(address)) return null;
  const bytes: number[] = [];
  for (let at = address; bytes.length < limits.maxPathBytes; at++) {
    if (!memory.isReadable(at)) return null;
    const byte = memory.u8(at);
    if (byte === 0) return Buffer.from(bytes).toString('utf8');
    bytes.push(byte);
  }
  return null;
}
