/** How long a thread stood still, by the kernel's account: unlike the clock it does not count that others had the processor. */
import fs from 'node:fs';

/** proc(5) schedstat of the main thread, in nanoseconds there: time running, time waiting for a processor. */
function readAccount(pid: number): { atMs: number; countedMs: number } {
  const text = fs.readFileSync(`/proc/${String(pid)}/task/${String(pid)}/schedstat`, 'utf8');
  const [run = 0, wait = 0] = text.split(' ').map(Number);
  return { atMs: performance.now(), countedMs: (run + wait) / 1e6 };
}

/**
 * Time in which the main thread neither ran nor waited for a processor. Says something only of a thread that never waits
 * for anything else.
 */
export async function measureStopped<T>(
  pid: number,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly wallMs: number; readonly stoppedMs: number }> {
  const before = readAccount(pid);
  const result = await act();
  const after = readAccount(pid);
  const wallMs = after.atMs - before.atMs;
  return { result, wallMs, stoppedMs: Math.max(0, wallMs - (after.countedMs - before.countedMs)) };
}
