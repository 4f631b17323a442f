/**
 * The agent as programs load it: all in one file, which takes half as long to load as its modules do (test/bundle.mjs). In a
 * checkout that file counts only while it was made of the compiled files as they are now, as with bin/sleeper.js.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

function isBundled(): boolean {
  const compiled = statSync(join(__dirname, '../tsconfig.tsbuildinfo'), { throwIfNoEntry: false });
  try {
    const builtFrom = readFileSync(join(__dirname, '../bundle/built-from'), 'utf8');
    return compiled === undefined || builtFrom === String(compiled.mtimeMs);
  } catch {
    return false;
  }
}

export const { arm } =
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- one of two; this is a CommonJS module
  require(isBundled() ? '../bundle/agent.cjs' : './arm.cjs') as typeof import('./arm.cts');
