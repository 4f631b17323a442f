/**
 * A program that seals sample reports, for tests that need another process, another user, or a violent end.
 * `node sealer.js DIR [--count N] [--uid UID] [--stop-before-link]`; prints one JSON line per seal.
 */
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '1' },
    uid: { type: 'string' },
    'stop-before-link': { type: 'boolean', default: false },
  },
});

if (values['stop-before-link']) {
  fsPromises.link = () => {
    process.stdout.write('"written"\n');
    return new Promise(() => setInterval(() => undefined, 60_000));
  };
  syncBuiltinESMExports();
}

const { SleeperError } = await import('#dist/errors.js');
const { namePartsOf, openArchive } = await import('#dist/archive/store.js');
const { encodeReport } = await import('#dist/encode/encode.js');
const { report } = await import('../view/parts.ts');

if (values.uid !== undefined) {
  // After the imports: the checkout may lie where that user cannot read.
  process.setgroups?.([]);
  process.setgid?.(Number(values.uid));
  process.setuid?.(Number(values.uid));
}

const archive = openArchive(positionals[0] ?? '');
for (let index = 0; index < Number(values.count); index++) {
  // The same id and second every time: names collide on purpose.
  const sample = report({ annotations: { writer: `${process.pid}/${index}` } });
  try {
    const path = await archive.seal(encodeReport(sample), namePartsOf(sample));
    process.stdout.write(`${JSON.stringify({ path })}\n`);
  } catch (error) {
    if (!(error instanceof SleeperError)) {
      throw error;
    }
    const { code, message, details } = error;
    process.stdout.write(`${JSON.stringify({ code, message, details })}\n`);
  }
}
