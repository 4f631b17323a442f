/** Pool and timers in one moment with the stacks, or in a stop of their own. */
import { limits } from '../../limits.ts';
import { type Look, takeLook } from '../memory/look.ts';
import type { Mapping } from '../memory/maps.ts';
import type { Target } from '../target.ts';
import {
  type ActivityReading,
  liveSubject,
  type Moment,
  prepareActivity,
  type PreparedActivity,
  readActivity,
  type Subject,
} from './activity.ts';

/** What a stop needs, and how long everything may take. */
export interface MomentPlan {
  readonly subject: Subject;
  readonly prepared: PreparedActivity;
  readonly mappings: readonly Mapping[];
  readonly tids: readonly number[];
  readonly endsAtMs: number;
}

/** The part of a look that event loops are read from. */
export function momentOf({ memory, threads }: Look): Moment {
  return {
    memory,
    threads: threads.map(({ tid, registers: { rsp, fsBase } }) => ({ tid, rsp, fsBase })),
  };
}

/**
 * Prepares from the first look: finds the loops, reads their handles, and touches the pages of the look's memory that pool
 * and timers are on, so that the next one holds them.
 * @param wish the threads with an isolate of their own, and how long it may take
 * @returns what readActivityAt() needs; `tids` are those asked for and the pool's
 */
export function rehearseActivity(
  target: Target,
  mappings: readonly Mapping[],
  look: Look,
  wish: Pick<MomentPlan, 'tids' | 'endsAtMs'> & Pick<Subject, 'withValues'>,
): Pick<MomentPlan, 'subject' | 'prepared' | 'tids'> {
  const moment = momentOf(look);
  const workers = wish.tids.filter((tid) => tid !== target.pid);
  const subject = liveSubject(target, mappings, wish.withValues);
  const prepared = prepareActivity(subject, moment, workers);
  const { activity } = readActivity(subject, prepared, moment, wish.endsAtMs);
  const pool = activity.threadpool?.threads.flatMap(({ tid }) => tid ?? []) ?? [];
  return { subject, prepared, tids: [...wish.tids, ...pool] };
}

/**
 * Reads pool and timers from the look that counts. Where they changed too fast for it, the process is held for as long as
 * reading them takes, at most limits.decodeInStopMs; when that was too short, what the look told counts.
 * @param mayHold false: it is not; what was torn is missing then
 */
export function readActivityAt(
  plan: MomentPlan,
  moment: Moment,
  mayHold = true,
): ActivityReading & { readonly pausedMs: number } {
  const { subject, prepared, mappings, tids, endsAtMs } = plan;
  const reading = readActivity(subject, prepared, moment, endsAtMs);
  if (!reading.isTorn || !mayHold || performance.now() > endsAtMs)
    return { ...reading, pausedMs: 0 };
  const held = takeLook(
    subject.program.pid,
    { tids, mappings, pages: [], holdWhileDecoding: true },
    (look) =>
      readActivity(subject, prepared, momentOf(look), performance.now() + limits.decodeInStopMs),
  );
  return { ...(held.isConsistent ? held.result : reading), pausedMs: held.pausedMs };
}

/** Reads what needs no registers: the main loop without its pool's threads, from the running process. */
export function readUnstopped(
  target: Target,
  mappings: readonly Mapping[],
  endsAtMs: number,
  withValues: boolean,
): ActivityReading {
  const subject = liveSubject(target, mappings, withValues);
  const moment = { memory: subject.readAgain(), threads: [] };
  return readActivity(subject, prepareActivity(subject, moment, []), moment, endsAtMs);
}
