/** `sleeper tasks`: what every await of a process waits for, and nothing else of it. */
import { connectAgent } from '../probe/agent.ts';
import { readLinkFact } from '../probe/fact.ts';
import { requireNodeProcess } from '../probe/identity.ts';
import { readUptimeMs } from '../probe/process-facts.ts';
import { describeTaskEnds } from '../probe/task-ends.ts';
import { readProcessTasks } from '../reader/read-process-tasks.ts';
import type { Missing, Task } from '../report/schema.ts';
import { askAgent } from './climb.ts';
import { mapCapture } from './original-places.ts';
import { redactedTasks } from './redaction.ts';

export interface TasksRequest {
  readonly pid: number;
  /** False: the process is not stopped, not even for the moment in which values are copied. */
  readonly stop: boolean;
  readonly deadlineMs: number;
  /** Where source maps are, besides where the program says; by default SLEEPER_SOURCE_MAP_DIR. */
  readonly sourceMapDirectory?: string;
}

/** The same fields as in a report. */
export interface TasksCapture {
  readonly pid: number;
  readonly capturedAt: string;
  /** How long the target stood still. */
  readonly pausedMs: number;
  /** False: no isolate was found, `missing` says why. */
  readonly isComplete: boolean;
  readonly cwd?: string;
  readonly tasks: readonly Task[];
  readonly missing: readonly Missing[];
}

/** @throws SleeperError as requireNodeProcess() and readProcessTasks() */
export async function captureTasks(request: TasksRequest): Promise<TasksCapture> {
  const { pid, stop, deadlineMs } = request;
  requireNodeProcess(pid);
  const capturedAt = new Date().toISOString();
  const startedAtMs = performance.now();
  const agentMissing: Missing[] = [];
  const isolates = await askAgent(pid, { connectAgent }, agentMissing);
  const reading = readProcessTasks(pid, {
    stop,
    isolates,
    deadlineMs: Math.max(0, deadlineMs - (performance.now() - startedAtMs)),
  });
  const cwd = readLinkFact(`/proc/${pid}/cwd`);
  const uptimeMs = readUptimeMs(pid);
  const mapped = await mapCapture(
    { threads: [], tasks: describeTaskEnds(pid, reading.tasks), timers: [] },
    {
      scripts: [reading.scripts],
      root: `/proc/${pid}/root`,
      startedAtMs: uptimeMs.known ? Date.now() - uptimeMs.value : 0,
      timeMs: (deadlineMs - (performance.now() - startedAtMs)) / 2,
      directory: request.sourceMapDirectory,
    },
  );
  return {
    pid,
    capturedAt,
    pausedMs: reading.pausedMs,
    isComplete: reading.isolateCount > 0,
    ...(cwd.known && { cwd: cwd.value }),
    tasks: redactedTasks(mapped.placed.tasks),
    missing: [...reading.missing, ...mapped.missing],
  };
}
