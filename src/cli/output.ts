/** Standard output, and files that the reader named. Each function resolves when the text is handed over, so that a slow reader slows us. */
import { writeFile } from 'node:fs/promises';
import { SleeperError } from '../errors.ts';
import { sanitizeJson } from '../report/sanitize.ts';

/** Writes text for people, as it is: what comes from a report was sanitized by view/. Bytes are for programs. */
export async function writeText(text: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    // An error (EPIPE) goes to the listener of main.ts.
    process.stdout.write(text, () => {
      resolve();
    });
  });
}

/** Writes one value as JSON and a newline, with control characters escaped even where JSON allows them. */
export async function writeJson(value: unknown, pretty = false): Promise<void> {
  const json = pretty ? JSON.stringify(value, null, 2) : JSON.stringify(value);
  await writeText(`${sanitizeJson(json)}\n`);
}

/**
 * Writes a file that nobody else may read.
 * @throws SleeperError ERR_SLEEPER_USAGE when it cannot be written
 */
export async function writeOwnFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { mode: 0o600 });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new SleeperError(
      'ERR_SLEEPER_USAGE',
      `Cannot write ${file}: ${words}.`,
      { file },
      { cause },
    );
  }
}
