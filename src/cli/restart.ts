/** When `sleeper run` starts its program again, and how long it waits before. Pure. */
import { InvalidArgumentError } from 'commander';

export const restartCauses = ['on-hang', 'on-crash', 'always', 'never'] as const;
export type RestartCause = (typeof restartCauses)[number];

/** How the program ended. */
export interface ProgramEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It, or a process below it, was ended by us because it hung. */
  readonly wasHanging: boolean;
  /** A signal of the user's was passed on to it. */
  readonly wasAsked: boolean;
  readonly ranForMs: number;
}

const firstDelayMs = 1_000;
const longestDelayMs = 60_000;
/** Whoever ran for this long has recovered: the next time it is started again at once. */
const steadyAfterMs = 60_000;

/** `on-hang`, `on-crash`, both with a comma, `always`, `never`. @throws InvalidArgumentError of commander */
export function parseRestart(text: string): RestartCause[] {
  return text.split(',').map((word) => {
    const cause = restartCauses.find((one) => one === word.trim());
    if (cause === undefined) {
      throw new InvalidArgumentError(`Give ${restartCauses.join(', ')}, or several with commas.`);
    }
    return cause;
  });
}

/** Whether to start it again. Never when the user ended it. */
export function isToRestart(end: ProgramEnd, causes: readonly RestartCause[]): boolean {
  if (end.wasAsked) return false;
  if (causes.includes('always')) return true;
  if (end.wasHanging) return causes.includes('on-hang');
  const hasCrashed = end.signal !== null || end.status !== 0;
  return hasCrashed && causes.includes('on-crash');
}

/** How long to wait. @param before the last delay; 0 at first */
export function nextDelayMs(before: number, end: ProgramEnd): number {
  if (before === 0 || end.ranForMs >= steadyAfterMs) return firstDelayMs;
  return Math.min(longestDelayMs, before * 2);
}
