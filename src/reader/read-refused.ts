/** What is told of threads that cannot be stopped. */
import { getSystemErrorMap } from 'node:util';
import { SleeperError } from '../errors.ts';
import type { Missing } from '../report/schema.ts';
import { readUnstopped } from './loop/moment.ts';
import { LiveMemory, refuseIfGoneOrDenied } from './memory/live.ts';
import type { Look } from './memory/look.ts';
import { PagedMemory } from './memory/paged.ts';
import { knownFacts, readThreads, type ThreadStart } from './read-threads.ts';
import type { ReadOptions, StoppedReading } from './reading.ts';
import type { Target } from './target.ts';

const EPERM = 1;

/** Of one of them. */
export function refusal({ tid, errno }: Look['refused'][number]): Missing {
  const [name = `errno ${errno}`, words = 'unknown'] = getSystemErrorMap().get(-errno) ?? [];
  const reason = errno === EPERM ? 'another tracer has it, or the kernel refuses' : words;
  return {
    what: `stack of thread ${tid}`,
    reason: `unreadable: it could not be stopped: ${reason} (${name})`,
  };
}

/** Nothing could be stopped: say why, or read what needs no stop. */
export function readRefused(
  target: Target,
  options: ReadOptions,
  look: Look,
  missing: Missing[],
): StoppedReading {
  const { pid } = target;
  const errno = look.refused[0]?.errno ?? 0;
  const tracer = target.tracerPid();
  if (errno !== EPERM || tracer === 0) refuseIfGoneOrDenied(pid, errno);
  if (options.isolates === undefined)
    throw new SleeperError(
      'ERR_SLEEPER_TARGET_TRACED',
      `Process ${pid} is traced by process ${tracer}; its threads cannot be stopped by anybody else.`,
      { pid, tracerPid: tracer },
    );
  missing.push({
    what: 'registers of the threads',
    reason: `unreadable: process ${tracer} traces the target; stacks are those that V8 left in memory`,
  });
  const scene = {
    target,
    memory: new PagedMemory(new LiveMemory(pid)),
    mappings: target.readMappings(),
    endsAtMs: performance.now() + options.deadlineMs,
  };
  const starts = options.isolates.map((isolate): ThreadStart => ({
    tid: isolate.tid,
    registers: null,
    ...knownFacts(isolate),
  }));
  const activity = readUnstopped(target, scene.mappings, scene.endsAtMs, options.values !== false);
  missing.push(...activity.missing);
  return { threads: readThreads(scene, starts), pausedMs: 0, activity: activity.activity };
}
