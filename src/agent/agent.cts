/**
 * The agent as programs load it: all in one file, which takes half as long to load as its modules do (test/bundle.mjs). In a
 * checkout that file counts only while it was made of the compiled files as they are now, as with bin/sleeper.js.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Throws nothing, not even caught: V8 looks at its flag for uncaught errors once, when the first error of a process is thrown
 * (src/execution/isolate.cc, Isolate::CreateMessageOrAbort, a static variable), and the agent has yet to set it.
 */
function isBundled(): boolean {
  const file = join(__dirname, '../bundle/built-from');
  if (!existsSync(file)) return false;
  const compiled = statSync(join(__dirname, '../tsconfig.tsbuildinfo'), { throwIfNoEntry: false });
  return compiled === undefined || readFileSync(file, 'utf8') === String(compiled.mtimeMs);
}

export const { arm } =
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- one of two; this is a CommonJS module
  require(isBundled() ? '../bundle/agent.cjs' : './arm.cjs') as typeof import('./arm.cts');
