/**
 * Whether a copy of the process is wanted before the stack of an error is read: V8 then has it written down by JavaScript, which may
 * read source maps of many megabytes, and the collector moves what the frames at the throw hold.
 */
import { hasStackHook } from './stack-hook.cts';

/** Errors of a program that survives them may come by the thousand. */
const intervalMs = 10_000;

/** @returns a function that is asked for each error */
export function makeCopyChoice(): () => boolean {
  let madeAtMs = -Infinity;
  return () => {
    if (!isStackWrittenByOthers() || !hasRoom()) return false;
    const nowMs = performance.now();
    if (nowMs - madeAtMs < intervalMs) return false;
    madeAtMs = nowMs;
    return true;
  };
}

/** `--enable-source-maps`, or a hook of the program or of a package such as source-map-support. */
function isStackWrittenByOthers(): boolean {
  const { sourceMapsEnabled } = process as { sourceMapsEnabled?: boolean };
  return sourceMapsEnabled === true || hasStackHook();
}

/** The copy takes memory for what the program changes meanwhile: at most all that it has. */
function hasRoom(): boolean {
  const bytes = (process as { availableMemory?: () => number }).availableMemory?.() ?? 0;
  return bytes > process.memoryUsage.rss();
}
