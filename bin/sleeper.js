#!/usr/bin/env node
// The bundle (test/bundle.mjs) is the same program in a few files, and starts sooner. In a checkout it counts only while it
// was made of the compiled files as they are now. CommonJS (package.json beside it): Node's loader of ES modules takes longer to start.
'use strict';

if (process.getBuiltinModule === undefined) {
  process.stderr.write(
    `sleeper needs Node.js 20.19 or newer to run itself; this is ${process.version}.\n`,
  );
  process.exit(1);
}
const { readFileSync, statSync } = require('node:fs');
const { join } = require('node:path');
const dist = join(__dirname, '../dist');

function isBundled() {
  const builtFrom = read('bundle/built-from');
  if (builtFrom === null) return false;
  const compiled = statSync(join(dist, 'tsconfig.tsbuildinfo'), { throwIfNoEntry: false });
  return compiled === undefined || builtFrom === String(compiled.mtimeMs);
}

function read(file) {
  try {
    return readFileSync(join(dist, file), 'utf8');
  } catch {
    return null;
  }
}

function load() {
  if (!isBundled()) return import('../dist/cli/main.js');
  return require('../dist/bundle/start.cjs').requireBundled(join(dist, 'bundle/main.cjs'));
}

void (async () => {
  const { main } = await load();
  await main(process.argv);
})();
