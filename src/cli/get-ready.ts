/** What a process that waits for captures does meanwhile: a second capture takes half of the time of the first. */
import { randomUUID } from 'node:crypto';
import { encodeReport } from '../encode/encode.ts';
import { limits } from '../limits.ts';
import { findOomCounter, readMemoryLimit } from '../probe/process-end.ts';
import { openEventLoop } from '../reader/read.ts';
import { captureReport } from './capture-to-archive.ts';

let isReady = false;

/**
 * Reads the symbols of the target's binary and, once, loads and compiles our code by using it. Never throws.
 * @param pid the target
 * @param rehearse uses it, on a process that is ours
 */
export async function getReady(pid: number, rehearse: () => Promise<void>): Promise<void> {
  await openEventLoop(pid).catch(() => undefined);
  if (isReady || sharesMemoryLimit(pid)) return;
  isReady = true;
  try {
    await rehearse();
    await import('../log.ts'); // what agents ask for is logged
  } catch {
    // Then the first capture takes longer.
  }
}

/** What we take of the target's own memory it has not: there, the first capture may take longer. */
function sharesMemoryLimit(pid: number): boolean {
  const own = findOomCounter(process.pid);
  return (
    own !== null && own.file === findOomCounter(pid)?.file && readMemoryLimit(own.file) !== null
  );
}

/** A capture of which nothing is kept. @throws SleeperError as captureReport() */
export async function tryCapture(pid: number): Promise<void> {
  const trigger = { kind: 'request', reason: 'to be ready' } as const;
  const wishes = { pid, id: randomUUID(), trigger, askAgent: false };
  const report = await captureReport({ ...wishes, deadlineMs: limits.warmUpMs });
  encodeReport(report);
}
