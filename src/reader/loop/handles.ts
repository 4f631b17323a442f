/** The handles of one loop, and the requests that wait on their descriptors. */
import os from 'node:os';
import { limits } from '../../limits.ts';
import type { Handle, Request } from '../../report/schema.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import {
  fsPollContext,
  handleFlags,
  type HandleType,
  handleTypes,
  readCString,
  uvHandle,
  uvLoop,
  walkQueue,
  type WalkedQueue,
} from './uv.ts';
import type { Wraps } from './owners.ts';

/** A loop and the thread that turns it. */
export interface LoopPlace {
  readonly tid: number;
  readonly address: Address;
}

export interface HandlesReading {
  readonly handles: readonly Handle[];
  /** Of streams and UDP sockets: connect, write, shutdown, send. */
  readonly requests: readonly Request[];
  /** What the handles' `data` point to: the C++ object that has each, where it is one of Node's. */
  readonly wraps: Wraps;
  /** Address of the timer that drives all timers of JavaScript; null when the loop has none. */
  readonly environmentTimer: Address | null;
  readonly end: WalkedQueue['end'];
}

/** Kinds that Node makes for itself in every environment; of these, only `async` are made for others. */
const housekeeping: ReadonlySet<string> = new Set(['check', 'idle', 'prepare', 'async']);
const signalNames = new Map(
  Object.entries(os.constants.signals).map(([name, number]) => [number, name]),
);

/** What handles are judged by. */
export interface HandleFacts {
  /** Address of node::Environment::RunTimers; null when not known. */
  readonly runTimers: Address | null;
  /** CLOCK_MONOTONIC of the target's machine: timers are told from here on. */
  readonly nowMs: number;
}

/**
 * @throws UnreadableMemory when the loop itself cannot be read
 */
export function readHandles(
  memory: PagedMemory,
  { tid, address }: LoopPlace,
  { runTimers, nowMs }: HandleFacts,
): HandlesReading {
  const { nodes, end } = walkQueue(memory, address + uvLoop.handleQueue, limits.maxHandles);
  const handles: Handle[] = [];
  const requests: Request[] = [];
  const wraps = new Map<Handle, Address>();
  let environmentTimer: Address | null = null;
  for (const node of nodes) {
    const at = node - uvHandle.queue;
    try {
      const flags = memory.u32(at + uvHandle.flags);
      const type = handleTypes[memory.u32(at + uvHandle.type)] ?? 'unknown';
      const callback = type === 'timer' ? memory.u64(at + uvHandle.callback) : null;
      // libuv notes the callback when a timer is started: Node's own has none before the program's first.
      const isNodes = callback !== null && (callback === runTimers || callback === 0);
      if (isNodes && (callback !== 0 || environmentTimer === null)) environmentTimer = at;
      const isInternal =
        isNodes || (flags & handleFlags.internal) !== 0 || isHousekeeping(type, flags);
      const handle: Handle = {
        type,
        tid,
        active: (flags & handleFlags.active) !== 0,
        ref: (flags & handleFlags.ref) !== 0,
        ...(isInternal && { internal: true }),
        ...readDetails(memory, at, type, flags, nowMs),
      };
      handles.push(handle);
      if (!isInternal) wraps.set(handle, memory.u64(at + uvHandle.data));
      requests.push(...readWaiting(memory, at, handle));
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) throw error;
      return { handles, requests, wraps, environmentTimer, end: 'torn' };
    }
  }
  return { handles, requests, wraps, environmentTimer, end };
}

/**
 * What Node has for itself does not keep the loop alive: uv_unref() in Environment::InitializeLibuv() (src/env.cc). What does is that
 * of a MessagePort, of an addon, or of a Worker, which uses Node's own for it (Worker::Ref(), src/node_worker.cc).
 */
function isHousekeeping(type: HandleType, flags: number): boolean {
  const keepsAlive = handleFlags.active | handleFlags.ref;
  return housekeeping.has(type) && !(type === 'async' && (flags & keepsAlive) === keepsAlive);
}

function readDetails(
  memory: PagedMemory,
  at: Address,
  type: HandleType,
  flags: number,
  nowMs: number,
): Partial<Handle> {
  const isActive = (flags & handleFlags.active) !== 0;
  switch (type) {
    case 'tcp':
    case 'pipe':
    case 'tty':
      return readStream(memory, at);
    case 'udp': {
      const pendingBytes = memory.u64(at + uvHandle.udpSendQueueSize);
      return {
        ...descriptor(memory, at + uvHandle.udpFd),
        ...(pendingBytes > 0 && { pendingBytes }),
      };
    }
    case 'poll':
      return descriptor(memory, at + uvHandle.pollFd);
    case 'timer': {
      if (!isActive) return {};
      const repeatMs = memory.u64(at + uvHandle.timerRepeat);
      return {
        timeoutMs: Math.round(memory.u64(at + uvHandle.timerTimeout) - nowMs),
        ...(repeatMs > 0 && { repeatMs }),
      };
    }
    case 'process':
      return isActive ? { pid: memory.i32(at + uvHandle.processPid) } : {};
    case 'signal': {
      const number = memory.i32(at + uvHandle.signalNumber);
      return number > 0 ? { signal: signalNames.get(number) ?? `signal ${number}` } : {};
    }
    case 'fs-event': {
      const path = readCString(memory, memory.u64(at + uvHandle.fsEventPath));
      return path === null ? {} : { path };
    }
    case 'fs-poll':
      return readFilePoll(memory, at);
    default:
      return {};
  }
}

/** fs.watchFile(). */
function readFilePoll(memory: PagedMemory, at: Address): Partial<Handle> {
  const context = memory.u64(at + uvHandle.fsPollContext);
  if (context === 0 || memory.u64(context + fsPollContext.parent) !== at) return {};
  const path = readCString(memory, context + fsPollContext.path);
  return path === null || path === '' ? {} : { path };
}

function readStream(memory: PagedMemory, at: Address): Partial<Handle> {
  const pendingBytes = memory.u64(at + uvHandle.streamWriteQueueSize);
  const isListening = memory.u64(at + uvHandle.streamConnectionCallback) !== 0;
  const isConnecting = memory.u64(at + uvHandle.streamConnectRequest) !== 0;
  return {
    ...descriptor(memory, at + uvHandle.streamFd),
    ...(isListening && { state: 'listening' }),
    ...(isConnecting && { state: 'connecting' }),
    ...(pendingBytes > 0 && { pendingBytes }),
  };
}

function descriptor(memory: PagedMemory, address: Address): { fd?: number } {
  const fd = memory.i32(address);
  return fd >= 0 ? { fd } : {};
}

function readWaiting(memory: PagedMemory, at: Address, handle: Handle): Request[] {
  const { type, tid, fd, pendingBytes } = handle;
  const base = {
    state: 'waiting' as const,
    ...(tid !== undefined && { tid }),
    ...(fd !== undefined && { fd }),
  };
  const bytes = pendingBytes === undefined ? {} : { pendingBytes };
  if (type === 'udp') {
    const count = memory.u64(at + uvHandle.udpSendQueueCount);
    return count > 0 ? [{ type: 'send', ...base, count, ...bytes }] : [];
  }
  if (type !== 'tcp' && type !== 'pipe' && type !== 'tty') return [];
  const requests: Request[] = [];
  if (memory.u64(at + uvHandle.streamConnectRequest) !== 0)
    requests.push({ type: 'connect', ...base });
  const writes = walkQueue(memory, at + uvHandle.streamWriteQueue, limits.maxRequests);
  if (writes.nodes.length > 0)
    requests.push({ type: 'write', ...base, count: writes.nodes.length, ...bytes });
  if (memory.u64(at + uvHandle.streamShutdownRequest) !== 0)
    requests.push({ type: 'shutdown', ...base });
  return requests;
}
