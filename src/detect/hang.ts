/**
 * Decides whether a process hangs. Pure: readings and the time go in, a trigger comes out.
 *
 * A hang is an event loop that has not turned for the policy's time although it was free to: not while it waits in its
 * own poll (idle is healthy), not while somebody stopped, traced or froze the process, not while nobody looked (the
 * watchdog itself may have been stopped or starved), and never on the word of a single look.
 */
import { type LoopReading, isHeld } from '../probe/loop.ts';
import type { Trigger } from '../report/schema.ts';

/** When to speak of a hang. */
export interface HangPolicy {
  /** The loop may stand still for this long. */
  readonly timeoutMs: number;
  /** Time between two readings; far longer gaps are not counted against the process. */
  readonly intervalMs: number;
}

/** What is remembered of the readings of one process. All times in milliseconds of CLOCK_MONOTONIC. */
export interface Heartbeat {
  /** When the loop turned last, as far as known. */
  readonly lastTurnAtMs: number;
  /** Time since then that does not count: the process was held, or nobody looked. */
  readonly excusedMs: number;
  /** Looks in a row, up to the latest, that found it stuck. */
  readonly stuckLooks: number;
  readonly latest: LoopReading;
}

/**
 * Where no policy is given (somebody asked for a capture), a loop is called stuck after this time without a turn.
 * Ordinary long callbacks take less.
 */
export const stuckAfterMs = 1_000;

/** Looks that must agree before we speak of a hang: one may have hit the moment between waking up and turning. */
const looksThatMustAgree = 2;
/** Time between looks, in intervals, above which the watchdog was late rather than the process. */
const tolerableGaps = 3;

/** Adds one reading to what is remembered. @param before null at the first reading */
export function beat(
  before: Heartbeat | null,
  reading: LoopReading,
  policy: HangPolicy,
): Heartbeat {
  const turnedAtMs = turnSeenIn(reading);
  if (turnedAtMs !== null) {
    return { lastTurnAtMs: turnedAtMs, excusedMs: 0, stuckLooks: 0, latest: reading };
  }
  const stuckLooks = reading.loop === 'stuck' ? (before?.stuckLooks ?? 0) + 1 : 0;
  if (before === null) {
    const lastTurnAtMs = reading.loop === 'stuck' ? clockTurnIn(reading) : reading.atMs;
    return { lastTurnAtMs, excusedMs: 0, stuckLooks, latest: reading };
  }
  // The loop's clock may know of a turn that fell between two looks.
  const lastTurnAtMs =
    reading.lastTurnAgoMs === undefined
      ? before.lastTurnAtMs
      : Math.max(before.lastTurnAtMs, clockTurnIn(reading));
  const gapMs = reading.atMs - before.latest.atMs;
  const excused = isHeld(reading) || isHeld(before.latest) || reading.loop === 'unknown';
  const lateMs = Math.max(0, gapMs - tolerableGaps * policy.intervalMs);
  const carriedMs = lastTurnAtMs > before.latest.atMs ? 0 : before.excusedMs;
  return {
    lastTurnAtMs,
    excusedMs: carriedMs + (excused ? Math.min(gapMs, reading.atMs - lastTurnAtMs) : lateMs),
    stuckLooks,
    latest: reading,
  };
}

/** How long the loop has not turned although it could have. @param nowMs CLOCK_MONOTONIC */
export function stalledForMs(heart: Heartbeat, nowMs: number): number {
  return Math.max(0, nowMs - heart.lastTurnAtMs - heart.excusedMs);
}

/** A trigger when the process hangs. @param nowMs CLOCK_MONOTONIC */
export function detectHang(heart: Heartbeat, policy: HangPolicy, nowMs: number): Trigger | null {
  if (heart.latest.loop !== 'stuck' || heart.stuckLooks < looksThatMustAgree) return null;
  const stalledMs = stalledForMs(heart, nowMs);
  if (stalledMs < policy.timeoutMs) return null;
  return {
    kind: 'hang',
    reason: `the event loop has not turned for ${(stalledMs / 1000).toFixed(1)} s (limit ${policy.timeoutMs / 1000} s), seen by the ${sightOf(heart.latest)}`,
    stalledForMs: Math.round(stalledMs),
  };
}

function sightOf(reading: LoopReading): string {
  switch (reading.via) {
    case 'agent':
      return 'agent inside the process';
    case 'reader':
      return "loop's clock, read from outside";
    case 'proc':
      return 'activity of its main thread in /proc';
  }
}

/** When the loop is known to have turned, or to have been ready to: null when this reading does not say so. */
function turnSeenIn(reading: LoopReading): number | null {
  return reading.loop === 'turning' || reading.loop === 'polling' ? reading.atMs : null;
}

function clockTurnIn(reading: LoopReading): number {
  return reading.atMs - (reading.lastTurnAgoMs ?? 0);
}
