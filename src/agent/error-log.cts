/** The place of last resort: what could not be captured is at least said, in `<archive>/agent-errors.log`. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { redaction } from './redaction.cts';

/** Appends one line of JSON. The log is its owner's (0600). Failure stays silent: the program's streams are not ours. */
export function logAgentError(archive: string, entry: Record<string, unknown>): void {
  try {
    mkdirSync(archive, { recursive: true, mode: 0o700 });
    const file = openSync(join(archive, 'agent-errors.log'), 'a', 0o600);
    try {
      const line = {
        at: new Date().toISOString(),
        pid: process.pid,
        ...(redaction().json(entry) as Record<string, unknown>),
      };
      writeSync(file, `${JSON.stringify(line)}\n`);
    } finally {
      closeSync(file);
    }
  } catch {
    // Nothing is left to tell it to.
  }
}
