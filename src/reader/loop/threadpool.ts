/**
 * libuv's thread pool (src/threadpool.c): what waits in its queues, and what each of its threads works on.
 *
 * Queued work hangs on `wq`; look-ups of names on a queue of their own, for which `run_slow_work_message` stands in `wq`.
 * Work that runs is on no queue. It is found on the stack of the thread that runs it: `worker()` calls either
 * uv_cond_wait(), and the thread is idle, or the work's function, and then keeps the work or its place in the queue in a
 * register that the function saves. The outermost word on the stack that points to a piece of work is the one.
 */
import { limits } from '../../limits.ts';
import type { Request, Threadpool } from '../../report/schema.ts';
import type { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { StackBounds } from './find-loops.ts';
import type { LoopPlace } from './handles.ts';
import type { LoopSymbols } from './symbols.ts';
import { uvWork, walkQueue, type WalkedQueue } from './uv.ts';
import { describeWork, type SymbolAddresses, type WorkDescription } from './work.ts';

/** What the pool is read with. */
export interface PoolScene {
  readonly memory: PagedMemory;
  /** Threads as they stood in that memory. */
  readonly threads: readonly StackBounds[];
  readonly loops: readonly LoopPlace[];
  readonly symbols: LoopSymbols;
  readonly loadBias: number;
}

export interface PoolReading {
  /** Null: the pool was never started. */
  readonly threadpool: Threadpool | null;
  readonly requests: readonly Request[];
  readonly end: WalkedQueue['end'];
}

interface PoolThread {
  readonly thread: Threadpool['threads'][number];
  /** What it works on. */
  readonly request?: Request;
}

/** `call rel32` of x86-64. */
const callBytes = 5;
const directCall = 0xe8;

/** @returns null when this binary does not tell where its pool is. @throws UnreadableMemory */
export function readThreadpool(scene: PoolScene): PoolReading | null {
  return new PoolReader(scene).read();
}

class PoolReader {
  readonly #scene: PoolScene;
  readonly #addresses: SymbolAddresses;

  constructor(scene: PoolScene) {
    this.#scene = scene;
    this.#addresses = new Map(
      [...scene.symbols].map(([name, { value }]) => [name, value + scene.loadBias]),
    );
  }

  read(): PoolReading | null {
    const { memory } = this.#scene;
    const sizeAt = this.#addresses.get('nthreads');
    const threadsAt = this.#addresses.get('threads');
    const queueAt = this.#addresses.get('wq');
    const slowAt = this.#addresses.get('slow_io_pending_wq');
    if (!sizeAt || !threadsAt || !queueAt || !slowAt) return null;
    const size = Math.min(memory.u32(sizeAt), limits.maxPoolThreads);
    const handles = memory.u64(threadsAt);
    if (size === 0 || handles === 0) return { threadpool: null, requests: [], end: 'whole' };
    const queue = walkQueue(memory, queueAt, limits.maxRequests);
    const slowQueue = walkQueue(memory, slowAt, limits.maxRequests);
    const messages = [
      this.#addresses.get('run_slow_work_message'),
      this.#addresses.get('exit_message'),
    ];
    const queued = [
      ...queue.nodes.filter((node) => !messages.includes(node)),
      ...slowQueue.nodes,
    ].map((node) => this.#queued(node));
    const threads = Array.from({ length: size }, (_, i) =>
      this.#thread(memory.u64(handles + i * 8)),
    );
    return {
      threadpool: {
        size,
        idle: threads.filter(({ thread }) => thread.state === 'idle').length,
        running: threads.filter(({ thread }) => thread.state === 'running').length,
        queued: queued.length,
        slowQueued: slowQueue.nodes.length,
        threads: threads.map(({ thread }) => thread),
      },
      requests: [...threads.flatMap(({ request }) => request ?? []), ...queued],
      end: queue.end === 'whole' ? slowQueue.end : queue.end,
    };
  }

  #queued(node: Address): Request {
    const work = node - uvWork.queue;
    const description = this.#describe(work) ?? { type: 'unknown' };
    return { ...description, state: 'queued', ...this.#loopOf(work) };
  }

  /** @param handle pthread_t: with glibc the thread pointer */
  #thread(handle: Address): PoolThread {
    const thread = this.#scene.threads.find(({ fsBase }) => fsBase === handle);
    if (thread === undefined) return { thread: { state: 'unknown' } };
    const { tid } = thread;
    const call = this.#findWorkerCall(thread);
    if (call === null) return { thread: { tid, state: 'unknown' } };
    if (call.target === this.#addresses.get('uv_cond_wait'))
      return { thread: { tid, state: 'idle' } };
    const work = this.#findWork(call.at, thread.rsp);
    // Between two pieces of work it waits for the pool's lock, or holds it.
    if (work === null) return { thread: { tid, state: 'unknown' } };
    const { description } = work;
    return {
      thread: {
        tid,
        state: 'running',
        doing: [description.type, description.operation].filter(Boolean).join(' '),
      },
      request: { ...description, state: 'running', ...this.#loopOf(work.address), poolTid: tid },
    };
  }

  /** Where on the stack the return address into worker() stands, and the function it called if that is written in the call. */
  #findWorkerCall({ rsp, fsBase }: StackBounds): { at: Address; target: Address | null } | null {
    const { memory, symbols } = this.#scene;
    const worker = this.#addresses.get('worker');
    const size = symbols.get('worker')?.size ?? 0;
    if (worker === undefined) return null;
    const inner = Math.max(rsp, fsBase - limits.maxStackSearchBytes);
    for (let at = fsBase - 8; at >= inner; at -= 8) {
      if (!memory.isReadable(at)) return null;
      const pc = memory.u64(at);
      // The thread's start function, worker itself, is kept by pthread_create() and is no return address.
      if (pc <= worker || pc > worker + size) continue;
      const isDirect = memory.u8(pc - callBytes) === directCall;
      return { at, target: isDirect ? pc + memory.i32(pc - callBytes + 1) : null };
    }
    return null;
  }

  #findWork(
    from: Address,
    rsp: Address,
  ): { address: Address; description: WorkDescription } | null {
    const inner = Math.max(rsp, from - limits.maxStackSearchBytes);
    for (let at = from - 8; at >= inner; at -= 8) {
      if (!this.#scene.memory.isReadable(at)) return null;
      const word = this.#scene.memory.u64(at);
      for (const address of [word, word - uvWork.queue]) {
        const description = this.#isOfLoop(address) ? this.#describe(address) : null;
        if (description !== null) return { address, description };
      }
    }
    return null;
  }

  #isOfLoop(work: Address): boolean {
    const { memory } = this.#scene;
    if (work % 8 !== 0 || !memory.isReadable(work) || !memory.isReadable(work + uvWork.loop + 7))
      return false;
    return this.#loopOf(work).tid !== undefined;
  }

  #describe(work: Address): WorkDescription | null {
    try {
      return describeWork(this.#scene.memory, work, this.#addresses);
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  #loopOf(work: Address): { tid?: number } {
    const loop = this.#scene.memory.u64(work + uvWork.loop);
    const place = this.#scene.loops.find(({ address }) => address === loop);
    return place === undefined ? {} : { tid: place.tid };
  }
}
