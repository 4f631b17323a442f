/** Deadlines for things that may never answer. */
import { type Fact, absent, known } from '../probe/fact.ts';

/**
 * Starts something and waits for it, but no longer than its time; what comes later is not listened to. Errors pass
 * through. What blocks this thread cannot be cut short: such work keeps deadlines of its own.
 */
export async function within<T>(start: () => Promise<T>, timeMs: number): Promise<Fact<T>> {
  const promise = start();
  // Handled even when it fails after we stopped listening.
  promise.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Fact<T>>((resolve) => {
    timer = setTimeout(
      () => {
        resolve(absent(`no answer within ${Math.max(0, Math.round(timeMs))} ms`));
      },
      Math.max(0, timeMs),
    );
  });
  try {
    return await Promise.race([promise.then((value) => known(value)), late]);
  } finally {
    clearTimeout(timer);
  }
}
