/** The looks at the threads of one process, until one is of a single moment. read.ts tells the plan. */
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { limits } from '../limits.ts';
import type { Missing } from '../report/schema.ts';
import type { ValuesWanted } from './describe-frame.ts';
import type { CallPlace } from './frames/loop-check.ts';
import { type Look, takeLook, type TakenLook } from './memory/look.ts';
import type { Mapping } from './memory/maps.ts';
import type { Address } from './memory/source.ts';
import type { ThreadReading } from './reading.ts';
import type { Target } from './target.ts';

/** What every look of one reading shares. */
export interface LookPlan {
  readonly target: Target;
  readonly mappings: readonly Mapping[];
  readonly tids: readonly number[];
  /** Grows from look to look. */
  readonly pages: Set<Address>;
  readonly endsAtMs: number;
  readonly decode: (look: Look, budgetMs: number, at?: CallPlace) => ThreadReading[];
  /** Stacks alone, with the values only of those functions that are named. */
  readonly decodeStacks: (look: Look, values: ValuesWanted) => ThreadReading[];
}

/** The look that counts. */
export interface CountedLook {
  readonly threads: readonly ThreadReading[];
  /** The longest time the target stood still. */
  readonly pausedMs: number;
  readonly look: Look | null;
}

/** Looks whose copy is decoded while the target runs, before it is held for that. */
const copiesBeforeHolding = 5;

/** True while V8 moves objects. */
export function isCollecting({ vmState }: ThreadReading): boolean {
  return vmState === 'GC';
}

/** Looks until everything that was read belongs to one moment; says in `missing` when that was not to be had. */
export async function readOneMoment(plan: LookPlan, missing: Missing[]): Promise<CountedLook> {
  const { pages, endsAtMs } = plan;
  let pausedMs = 0;
  let waits = 0;
  for (let tries = 0; tries <= copiesBeforeHolding; tries++) {
    const holdWhileDecoding = tries === copiesBeforeHolding;
    // Between looks our own process may do other things: answer a signal, watch other targets.
    await setImmediate();
    const taken = holdWhileDecoding ? lookHolding(plan) : lookCopying(plan);
    pausedMs = Math.max(pausedMs, taken.pausedMs);
    const { look, threads } = taken.result;
    for (const page of look.memory.usedPages) pages.add(page);
    const isLate = performance.now() > endsAtMs;
    if (threads.some(isCollecting) && waits < limits.maxCollectionWaits && !isLate) {
      // Objects are being moved: most pauses of the collector are over in a moment.
      waits++;
      tries--;
      await delay(limits.collectionWaitMs);
      continue;
    }
    const isOneMoment = taken.isConsistent;
    const isLast = holdWhileDecoding || isLate;
    if (isOneMoment || isLast) {
      if (!isOneMoment)
        missing.push({
          what: 'one consistent moment',
          reason:
            'over-limit: the process changed while it was read; some values may be newer than the stack',
        });
      if (threads.some(isCollecting))
        missing.push({
          what: 'values that do not move',
          reason: 'unreadable: a garbage collection is under way; some values may be missing',
        });
      return { look, threads, pausedMs };
    }
  }
  return { look: null, threads: [], pausedMs };
}

type DecodedLook = TakenLook<{ readonly look: Look; readonly threads: ThreadReading[] }>;

/** The target runs on before its copy is decoded. */
function lookCopying({ target, mappings, tids, pages, endsAtMs, decode }: LookPlan): DecodedLook {
  const wishes = { tids, mappings, pages, patientUntilMs: endsAtMs, holdWhileDecoding: false };
  const taken = takeLook(target.pid, wishes, (look) => ({
    look,
    threads: decode(look, endsAtMs - performance.now()),
  }));
  return { ...taken, isConsistent: taken.result.look.memory.lateReads.size === 0 };
}

/**
 * The target stands still while it is read, for a bounded time. When that was not enough, or sources that take long to parse were left for
 * afterwards, all is told once more: what the stop did not come to is read while the target runs on.
 */
function lookHolding({ target, mappings, tids, pages, endsAtMs, decode }: LookPlan): DecodedLook {
  const wishes = { tids, mappings, pages, patientUntilMs: endsAtMs, holdWhileDecoding: true };
  const { result: taken, hasPutOff } = target.scripts.inHaste(() =>
    takeLook(target.pid, wishes, (look) => {
      const endsAt = performance.now() + limits.decodeInStopMs;
      const threads = decode(look, limits.decodeInStopMs);
      return { look, threads, isCut: performance.now() > endsAt };
    }),
  );
  if (!hasPutOff && !taken.result.isCut) return taken;
  const { look } = taken.result;
  const readsInStop = look.memory.lateReads.size;
  const threads = decode(look, endsAtMs - performance.now());
  const isConsistent = taken.isConsistent && look.memory.lateReads.size === readsInStop;
  return { ...taken, result: { look, threads }, isConsistent };
}

/**
 * Threads that the rehearsal saw and no look after it could stop again: told as they were then, which the report says. Those
 * that have ended meanwhile are left out.
 */
export function keepRehearsed(
  target: Target,
  rehearsed: readonly ThreadReading[],
  counted: CountedLook,
  missing: Missing[],
): CountedLook {
  const lost = rehearsed.filter(({ tid }) => !counted.threads.some((seen) => seen.tid === tid));
  if (lost.length === 0) return counted;
  const alive = target.listThreads();
  const kept = lost.filter(({ tid }) => alive.includes(tid));
  for (const { tid } of kept)
    missing.push({
      what: `one consistent moment of thread ${tid}`,
      reason:
        'unreadable: it could not be stopped a second time; its stack is the first look at it, its values may be newer',
    });
  return { ...counted, threads: [...counted.threads, ...kept] };
}
