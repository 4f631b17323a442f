/** Deadlines for things that may never answer. */
import { type Fact, absent, known } from '../probe/fact.ts';

/** Waits for a promise, but no longer than its time; what comes later is not listened to. Errors pass through. */
export async function within<T>(promise: Promise<T>, timeMs: number): Promise<Fact<T>> {
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
