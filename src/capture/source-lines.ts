/** Adds the line of source, and those around it, to frames whose file can still be read as it was run. */
import { readFileSync, statSync } from 'node:fs';
import { limits } from '../limits.ts';
import { excerptOf } from '../report/excerpt.ts';
import type { Frame } from '../report/schema.ts';
import { pathOf } from '../source-map/find.ts';

/** The kernel's start time of a process is exact to 10 ms, file systems' times to a few. */
export const clockSlackMs = 50;

/**
 * Fills `source` of frames that have none.
 * @param startedAtMs when the target started (milliseconds since 1970): a file changed later is not what it runs
 */
export function addSourceLines(
  pid: number,
  frames: readonly Frame[],
  startedAtMs: number,
): Frame[] {
  const files = new Map<string, readonly string[] | null>();
  return frames.map((frame) => {
    if (frame.source !== undefined || frame.file === undefined || frame.line === undefined) {
      return frame;
    }
    let lines = files.get(frame.file);
    if (lines === undefined) {
      lines = readLines(pid, frame.file, startedAtMs);
      files.set(frame.file, lines);
    }
    const source = excerptOf((number) => lines?.[number - 1], frame.line, frame.column);
    return source === null ? frame : { ...frame, source };
  });
}

/** @returns null when the file cannot be read, is not a file, or changed since the target started */
function readLines(pid: number, file: string, startedAtMs: number): readonly string[] | null {
  const path = pathOf(file);
  if (path === null) return null;
  // The target may live in a container: its root, not ours.
  const seen = `/proc/${pid}/root${path}`;
  try {
    const stat = statSync(seen);
    if (!stat.isFile() || stat.size > limits.maxSourceChars) return null;
    if (stat.mtimeMs > startedAtMs + clockSlackMs) return null;
    return readFileSync(seen, 'utf8').split(/\r?\n/);
  } catch {
    return null;
  }
}
