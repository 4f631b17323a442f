/** The redaction that every capture goes through, with what the user adds and removes: `--redact`, SLEEPER_REDACT. */
import { SleeperError } from '../errors.ts';
import { redactCapture, redactTasks } from '../report/redact.ts';
import type { Capture, Task } from '../report/schema.ts';
import { type RedactOptions, parseRedactWords } from '../report/secrets.cts';

/** @throws SleeperError ERR_SLEEPER_USAGE for a pattern that is none: better no report than one that leaks */
export function redactOptions(env: Readonly<NodeJS.ProcessEnv> = process.env): RedactOptions {
  const words = env['SLEEPER_REDACT'] ?? '';
  try {
    return parseRedactWords(words);
  } catch (cause) {
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      `Cannot read what is to be redacted, ${JSON.stringify(words)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { words },
      { cause },
    );
  }
}

/** A copy of the capture without secrets. @throws SleeperError ERR_SLEEPER_USAGE */
export function redact(capture: Capture): Capture {
  return redactCapture(capture, redactOptions());
}

/** The same for tasks alone. @throws SleeperError ERR_SLEEPER_USAGE */
export function redactedTasks(tasks: readonly Task[]): Task[] {
  return redactTasks(tasks, redactOptions());
}
