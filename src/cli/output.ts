/** Standard output. Each function resolves when the text is handed over, so that a slow reader slows us. */
import { sanitizeJson } from '../report/sanitize.ts';

/** Writes text for people, as it is: what comes from a report was sanitized by view/. */
export async function writeText(text: string): Promise<void> {
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
