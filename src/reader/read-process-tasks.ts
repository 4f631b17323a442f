/**
 * The suspended async functions of a process and nothing else: no stacks, no event loop. The search of the heap is the same as
 * for a whole report. Threads stand still twice, for as long as it takes to copy their registers and the pages of what is
 * shown; or, if so wished, not at all.
 */
import type { Missing } from '../report/schema.ts';
import { LiveMemory } from './memory/live.ts';
import { takeLook } from './memory/look.ts';
import type { Mapping } from './memory/maps.ts';
import { findThreadPointers } from './memory/thread-pointers.ts';
import type { KnownIsolate, ReadScripts } from './reading.ts';
import { Target } from './target.ts';
import { findOwnedIsolates, type IsolateOfThread } from './tasks/isolates.ts';
import { readTasks, type TaskReading } from './tasks/read-tasks.ts';

export interface ProcessTasksOptions {
  /** Isolates already known to the agent. */
  readonly isolates?: readonly KnownIsolate[];
  /** False: the threads are not stopped; what is shown may be of different moments. */
  readonly stop: boolean;
  readonly deadlineMs: number;
}

export interface ProcessTasksReading extends TaskReading {
  /** Isolates that were searched; 0: none was found, `missing` says why. */
  readonly isolateCount: number;
  readonly scripts: ReadScripts;
  readonly missing: readonly Missing[];
}

/**
 * Reads the tasks of a process.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_UNSUPPORTED_NODE,
 *         ERR_SLEEPER_ATTACH_DENIED, ERR_SLEEPER_TARGET_GONE
 */
export function readProcessTasks(pid: number, options: ProcessTasksOptions): ProcessTasksReading {
  const endsAtMs = performance.now() + options.deadlineMs;
  const target = new Target(pid);
  const missing: Missing[] = [];
  const mappings = target.readMappings();
  const found = findIsolatesOf(target, mappings, options, missing);
  if (found.isolates.length === 0)
    missing.push({
      what: 'suspended async functions',
      reason: 'unreadable: no isolate was found in any thread',
    });
  if (!found.mayStop)
    missing.push({
      what: 'one consistent moment of the async functions',
      reason: options.stop
        ? 'unreadable: the threads could not be stopped'
        : 'not-supported: the threads were not stopped, as was asked for; values may be newer than places',
    });
  const plan = { ...found, target, source: new LiveMemory(pid), mappings, endsAtMs };
  const { tasks, pausedMs } = readTasks(plan, missing);
  return {
    tasks,
    pausedMs: Math.max(pausedMs, found.pausedMs),
    isolateCount: found.isolates.length,
    scripts: target.scripts.own,
    missing,
  };
}

interface FoundIsolates {
  readonly isolates: readonly IsolateOfThread[];
  readonly mayStop: boolean;
  readonly pausedMs: number;
}

function findIsolatesOf(
  target: Target,
  mappings: readonly Mapping[],
  options: ProcessTasksOptions,
  missing: Missing[],
): FoundIsolates {
  const tids = target.listThreads();
  const source = new LiveMemory(target.pid);
  const patientUntilMs = performance.now() + options.deadlineMs / 2;
  const wishes = {
    ...{ tids, mappings, pages: [], stacks: false, holdWhileDecoding: false },
    patientUntilMs,
  };
  const look = options.stop ? takeLook(target.pid, wishes, ({ threads }) => threads) : null;
  const stopped = look?.result ?? [];
  const pausedMs = look?.pausedMs ?? 0;
  const mayStop = stopped.length > 0;
  if (options.isolates !== undefined && options.isolates.length > 0)
    return { isolates: options.isolates, mayStop, pausedMs };
  const threads = mayStop
    ? stopped.map(({ tid, registers: { fsBase } }) => ({ tid, fsBase }))
    : findThreadPointers(target.pid, tids, mappings);
  if (threads.length < tids.length)
    missing.push({
      what: `suspended async functions of ${tids.length - threads.length} threads`,
      reason: mayStop
        ? 'unreadable: they could not be stopped'
        : 'unreadable: their thread pointers are not where glibc keeps them',
    });
  return { isolates: findOwnedIsolates(target, source, mappings, threads), mayStop, pausedMs };
}
