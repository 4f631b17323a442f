/** Ends a captured process, so that its supervisor starts it anew. */
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants } from 'node:os';
import { requireNative } from '../../native.ts';
import { openProcessDirectory } from '../../probe/open-files.ts';
import type { Action } from '../settings.ts';
import type { WatchedProcess } from '../watched-process.ts';

const stepMs = 50;
const ESRCH = 3;

/**
 * Sends the signal, waits for the end, and kills what does not end in time. Never another process that got the same pid.
 * @returns words for what it came to @throws Error when the signal could not be sent
 */
export async function sendSignal(
  { signal, graceMs }: Extract<Action, { kind: 'signal' }>,
  process: WatchedProcess,
): Promise<string> {
  const directory = openProcessDirectory(process.subject.identity);
  if (directory === null) return 'it had ended already';
  try {
    process.isBeingEnded = true;
    if (!send(directory, signal)) return 'it had ended already';
    const endsAtMs = performance.now() + graceMs;
    while (performance.now() < endsAtMs) {
      if (process.hasEnded || !send(directory, 0)) return `it ended after ${signal}`;
      await sleep(stepMs);
    }
    if (!send(directory, 'SIGKILL')) return `it ended after ${signal}`;
    return `it did not end within ${graceMs / 1000} s of ${signal}, and was killed`;
  } finally {
    closeSync(directory);
  }
}

/** @returns false when the process has ended @throws Error when it is refused */
function send(directory: number, signal: NodeJS.Signals | 0): boolean {
  const number = signal === 0 ? 0 : constants.signals[signal];
  const result = requireNative().signalProcess(directory, number);
  if (result === 0) return true;
  if (-result === ESRCH) return false;
  throw new Error(`cannot send ${signal === 0 ? 'a signal' : signal}: errno ${-result}`);
}
