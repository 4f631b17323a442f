#!/usr/bin/env node
// The bundle (test/bundle.mjs) is the same program in a few files, and starts sooner. In a checkout it counts only while it
// was made of the compiled files as they are now.

if (process.getBuiltinModule === undefined) {
  process.stderr.write(
    `sleeper needs Node.js 20.19 or newer to run itself; this is ${process.version}.\n`,
  );
  process.exit(1);
}
// An import would load streams and more, which Node does on demand only.
const { readFileSync, statSync } = process.getBuiltinModule('node:fs');
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
