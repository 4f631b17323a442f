/** Pool and timers in one moment with the stacks, or in a stop of their own. */
import { limits } from '../../limits.ts';
import { type Look, takeLook } from '../memory/look.ts';
import type { Mapping } from '../memory/maps.ts';
import {
  type ActivityReading,
  type Moment,
  type PreparedActivity,
  type Subject,
  readActivity,
} from './activity.ts';

/** What a stop needs, and how long everything may take. */
export interface MomentPlan {
  readonly subject: Subject;
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
 * Reads pool and timers from the look that counts. Where they changed too fast for it, the process is held for as long as
 * reading them takes, at most limits.decodeInStopMs.
 */
export function readActivityAt(
  plan: MomentPlan,
  prepared: PreparedActivity,
  moment: Moment,
): ActivityReading & { readonly pausedMs: number } {
  const { subject, mappings, tids, endsAtMs } = plan;
  const reading = readActivity(subject, prepared, moment, endsAtMs);
  if (!reading.isTorn || performance.now() > endsAtMs) return { ...reading, pausedMs: 0 };
  const held = takeLook(
    subject.program.pid,
    { tids, mappings, pages: [], holdWhileDecoding: true },
    (look) =>
      readActivity(subject, prepared, momentOf(look), performance.now() + limits.decodeInStopMs),
  );
  return { ...held.result, pausedMs: held.pausedMs };
}
