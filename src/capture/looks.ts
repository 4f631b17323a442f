/** Several looks at the threads: what moves is running, what does not is blocked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { stuckAfterMs } from '../detect/hang.ts';
import { compareQuotas, type QuotaReading, readQuotas } from '../probe/cpu-quota.ts';
import { epollDescriptorOf } from '../probe/syscall.ts';
import { type TaskReading, readTask } from '../probe/task.ts';
import type { QuickLookWishes } from '../reader/quick-looks.ts';
import type { EventLoopClock, ProcessReading, QuickLook } from '../reader/reading.ts';
import type { Process, Sample, SampleThread } from '../report/schema.ts';

/** Quick looks of the reader after the one that counts, and the time between them. */
const quickLooks = { count: 3, atMost: 8, apartMs: 90, apartIfPlainMs: 15 } as const;
/** Without the reader there are two looks, at least this long apart: the kernel counts CPU time in steps of up to 10 ms. */
const betweenLooksMs = 250;
/** Time between two looks at the loop's clock: each is a few microseconds of work. */
const clockPollMs = 20;

/**
 * Somebody asks about a process that is at work right now. Whether that is a long callback or a hang shows when the loop
 * turns, or does not for `stuckAfterMs`: waits for either, so that the capture shows the state the verdict is about.
 * @param endsAtMs waits no longer than to here (performance.now)
 */
export async function waitUntilTurnedOrStuck(
  pid: number,
  clock: EventLoopClock,
  endsAtMs: number,
): Promise<void> {
  // That it turned a moment ago says nothing of now: it may have been stuck ever since.
  let agoMs = Infinity;
  while (performance.now() < endsAtMs) {
    const task = readTask(pid, pid);
    const loop = clock.read();
    if (task === null || loop === null || task.state === 'T' || task.state === 't') return;
    if (!task.syscall.known || loop.lastTurnAgoMs >= stuckAfterMs) return;
    if (epollDescriptorOf(task.syscall.value) === loop.backendFd) return;
    if (agoMs !== Infinity && loop.lastTurnAgoMs < agoMs) return;
    agoMs = loop.lastTurnAgoMs;
    await sleep(clockPollMs);
  }
}

/** What several looks showed. */
export interface Seen {
  readonly samples: Sample[];
  readonly cpuQuota: Process['cpuQuota'];
}

/** What /proc says at each look, put together with what the reader saw. */
export class ProcessLooks {
  readonly #pid: number;
  readonly #startedAtMs: number;
  readonly #quotas: readonly QuotaReading[];
  readonly #looks: { readonly atMs: number; readonly tasks: readonly TaskReading[] }[];

  /** @param first the threads as they were before anybody disturbed them */
  constructor(pid: number, first: readonly TaskReading[]) {
    this.#pid = pid;
    this.#startedAtMs = performance.now();
    this.#quotas = readQuotas(pid, this.#startedAtMs);
    this.#looks = [{ atMs: 0, tasks: first }];
  }

  /** What the reader is to do, so that both look at the same time. */
  wishes(): QuickLookWishes {
    return {
      ...quickLooks,
      stuckAfterMs,
      beforeLook: () => {
        this.again();
      },
    };
  }

  /** Looks at the threads that were there at the first look. */
  again(): void {
    const tasks = this.#looks[0]?.tasks ?? [];
    this.#looks.push({
      atMs: performance.now() - this.#startedAtMs,
      tasks: tasks.flatMap(({ tid }) => readTask(this.#pid, tid) ?? []),
    });
  }

  /** All looks. Takes one more where the reader took none. @param isAlive false: it dies, and waits for us */
  async finish(isAlive: boolean, reading: ProcessReading | null, endsAtMs: number): Promise<Seen> {
    if (!isAlive) return { samples: [], cpuQuota: undefined };
    const [first] = this.#looks;
    if (this.#looks.length === 1) {
      const main = first?.tasks.find(({ tid }) => tid === this.#pid);
      // A thread that was in a poll may be idle, and nobody need wait.
      const waits = main?.syscall.known === true && epollDescriptorOf(main.syscall.value) !== null;
      const dueMs = waits ? 0 : this.#startedAtMs + betweenLooksMs - performance.now();
      const leftMs = endsAtMs - performance.now();
      if (dueMs > 0) await sleep(Math.max(0, Math.min(dueMs, leftMs)));
      this.again();
    }
    const shown = shownThreads(this.#pid, reading);
    return {
      samples: this.#looks.map(({ atMs, tasks }, i) => ({
        atMs: Math.round(atMs),
        threads: sampleThreads(tasks, reading?.looks?.[i], shown),
      })),
      cpuQuota: compareQuotas(this.#quotas, readQuotas(this.#pid, performance.now())),
    };
  }
}

/** JavaScript threads, and those of the pool. */
function shownThreads(pid: number, reading: ProcessReading | null): ReadonlySet<number> {
  const scripted = reading?.threads.filter(({ kind }) => kind !== 'native') ?? [];
  const pool = reading?.activity?.threadpool?.threads ?? [];
  return new Set([pid, ...scripted.map(({ tid }) => tid), ...pool.flatMap(({ tid }) => tid ?? [])]);
}

function sampleThreads(
  tasks: readonly TaskReading[],
  look: QuickLook | undefined,
  shown: ReadonlySet<number>,
): SampleThread[] {
  const seen = new Map(look?.threads.map((thread) => [thread.tid, thread]));
  return tasks
    .filter(({ tid }) => shown.has(tid))
    .map((task) => {
      const { vmStates, frames, ...rest } = seen.get(task.tid) ?? { tid: task.tid, frames: [] };
      return {
        ...factsOf(task),
        ...rest,
        ...(vmStates !== undefined && { vmStates: { ...vmStates } }),
        frames: [...frames],
      };
    });
}

function factsOf({ tid, state, syscall, cpuMs }: TaskReading): Omit<SampleThread, 'frames'> {
  const call = syscall.known && syscall.value.kind === 'call' ? syscall.value : null;
  return {
    tid,
    state,
    ...(syscall.known && {
      call: call === null ? syscall.value.kind : `${call.name}(${call.arguments.join(', ')})`,
    }),
    ...(cpuMs.known && { cpuMs: cpuMs.value }),
  };
}
