/** The story of one watched process: calm, hanging, recovered, ended. Pure. */
import type { LoopReading } from '../probe/loop.ts';
import type { Trigger } from '../report/schema.ts';
import { type Heartbeat, type HangPolicy, beat, detectHang, stalledForMs } from './hang.ts';

/** Where the story stands. */
export interface Episode {
  readonly heart: Heartbeat | null;
  /** When the loop had turned last before the hang that lasts now; null while there is none. */
  readonly hangSinceMs: number | null;
}

/** Something worth telling. */
export type EpisodeEvent =
  | { readonly kind: 'hang-began'; readonly trigger: Trigger }
  /** The loop turns again. `afterMs` counts only time in which it was free to turn. */
  | { readonly kind: 'recovered'; readonly afterMs: number }
  | { readonly kind: 'ended'; readonly whileHanging: boolean };

/** Two readings of the same turn differ by this much: the loop's clock counts whole milliseconds. */
const clockJitterMs = 50;

/** The beginning of a story. */
export const calm: Episode = { heart: null, hangSinceMs: null };

/** Goes on with the story by one reading. A hang is told once, when it begins, and again when it is over. */
export function advance(
  episode: Episode,
  reading: LoopReading,
  policy: HangPolicy,
): { readonly episode: Episode; readonly event: EpisodeEvent | null } {
  const { heart: before, hangSinceMs } = episode;
  if (reading.loop === 'gone') {
    return { episode, event: { kind: 'ended', whileHanging: hangSinceMs !== null } };
  }
  const heart = beat(before, reading, policy);
  if (hangSinceMs === null) {
    const trigger = detectHang(heart, policy, reading.atMs);
    if (trigger === null) return { episode: { heart, hangSinceMs: null }, event: null };
    return {
      episode: { heart, hangSinceMs: heart.lastTurnAtMs },
      event: { kind: 'hang-began', trigger },
    };
  }
  const turned =
    reading.loop === 'turning' ||
    reading.loop === 'polling' ||
    heart.lastTurnAtMs > hangSinceMs + clockJitterMs;
  if (!turned || before === null) return { episode: { heart, hangSinceMs }, event: null };
  const turnedAtMs = reading.atMs - (reading.lastTurnAgoMs ?? 0);
  const afterMs = Math.max(0, stalledForMs({ ...before, lastTurnAtMs: hangSinceMs }, turnedAtMs));
  return { episode: { heart, hangSinceMs: null }, event: { kind: 'recovered', afterMs } };
}
