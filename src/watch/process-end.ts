/** How a watched process ended, as far as it could be seen from outside. */
import { constants } from 'node:os';
import type { StatReading } from '../probe/stat.ts';
import type { ProcessEnd } from './events.ts';
import type { Subject } from './subject.ts';

/** The end, told by its last look. */
export function describeEnd(
  { identity, argv, userId }: Subject,
  seen: Pick<ProcessEnd, 'whileHanging' | 'lastSeenAtMs' | 'lastStat' | 'byUs'>,
): ProcessEnd {
  return { identity, argv, ...seen, endedAtMs: Date.now(), exit: exitOf(seen.lastStat, userId) };
}

/**
 * A parent that is slow to collect its child leaves a zombie, whose stat tells what wait(2) will say. The kernel shows it only
 * to those who might trace the process, and 0 to all others.
 */
function exitOf(stat: StatReading | null, userId: number): ProcessEnd['exit'] {
  if (stat?.state !== 'Z') return null;
  const us = process.geteuid?.() ?? 0;
  if (stat.waitStatus === 0 && us !== 0 && us !== userId) return null;
  const number = stat.waitStatus & 0x7f;
  if (number === 0) return { status: (stat.waitStatus >> 8) & 0xff };
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name === undefined ? null : { signal: name as NodeJS.Signals };
}
