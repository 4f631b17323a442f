#!/usr/bin/env node
// The bundle (test/bundle.mjs) is the same program in a few files, and starts sooner. In a checkout it counts only while it
// was made of the compiled files as they are now.
import { readFileSync, statSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);

function isBundled() {
  const builtFrom = read('bundle/built-from');
  if (builtFrom === null) return false;
  const compiled = statSync(new URL('tsconfig.tsbuildinfo', dist), { throwIfNoEntry: false });
  return compiled === undefined || builtFrom === String(compiled.mtimeMs);
}

function read(file) {
  try {
    return readFileSync(new URL(file, dist), 'utf8');
  } catch {
    return null;
  }
}

const { main } = await import(new URL(isBundled() ? 'bundle/main.js' : 'cli/main.js', dist));
await main(process.argv);
