/**
 * Watches for addons that make V8 isolates of their own. V8's flag that keeps the stack of a throw for us would abort the
 * process at their errors, so it is taken back when such an addon is loaded.
 */
import type { NativeAgent } from './native.cts';

const { apply } = Reflect;

/** @returns a function that stops watching */
export function watchAddons(native: NativeAgent): () => void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- apply() gives it its receiver
  const before = process.dlopen;
  const dlopen: typeof process.dlopen = (...args) => {
    apply(before, process, args);
    native.yieldToForeignIsolates();
  };
  process.dlopen = dlopen;
  native.yieldToForeignIsolates();
  return () => {
    if (process.dlopen === dlopen) process.dlopen = before;
  };
}
