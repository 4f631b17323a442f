/** Strings in another process's memory. */
import { requireNative } from '../native.ts';
import type { ReadTargetString } from './syscall.ts';

/** PATH_MAX of Linux, the longest path a system call takes. */
const maxPathBytes = 4096;

/** Reads a zero-terminated UTF-8 string through the addon; null without the addon, or when the memory cannot be read. */
export const readTargetString: ReadTargetString = (pid, address) => {
  if (!Number.isSafeInteger(address) || address <= 0) return null;
  const bytes = new Uint8Array(maxPathBytes);
  let count: number;
  try {
    count = requireNative().readMemory(pid, address, bytes);
  } catch {
    return null;
  }
  if (count <= 0) return null;
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end >= 0 && end < count ? end : count)).toString('utf8');
};
