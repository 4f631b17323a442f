/**
 * The life of an archive in a few hundred system calls: seals, counts, pins, notes, rotation, compression. Says each step when it is done, on one
 * line. `node life.js DIR`
 */
import { openArchive } from '#dist/archive/store.js';
import { defaultPolicy } from '#dist/archive/choose.js';
import { factsOf } from '#dist/archive/facts.js';
import { addNote, setPin } from '#dist/archive/sidecars.js';
import { encodeSections } from '#dist/encode/encode.js';
import { report } from '../view/parts.ts';

const [path = ''] = process.argv.slice(2);
const archive = openArchive(path, {
  ...defaultPolicy,
  maxReports: 2,
  keepFreeShare: 0,
  maxAgeMs: 1e12,
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function seal(id: string, signature: string): Promise<string> {
  const capturedAt = new Date(Date.UTC(2026, 10, 23, 0, 0, Number.parseInt(id, 16))).toISOString();
  const sample = report({ id: `${id}000000-77aa-4c1b-9d55-0a8c5b1e2f30`, signature, capturedAt });
  const repeats = { maxExamples: 2, cooldownMs: 1e12 };
  const kept = await archive.keep(() => encodeSections(sample), factsOf(sample), { repeats });
  say(`${kept.isCounted ? 'counted' : 'sealed'} ${signature} ${id}`);
  return kept.path.split('/').at(-1)?.replace('.msgpack', '') ?? '';
}

const rare = await seal('01', 'rare');
await setPin(path, rare, true);
await addNote(path, rare, { at: '2026-11-23T00:48:31Z', by: 'ops', text: 'seen before' });
say('pinned');
await seal('02', 'usual');
await seal('03', 'usual');
await seal('04', 'usual');
await seal('05', 'other');
await archive.prune({ nowMs: Date.now() + 3 * 86_400_000 });
say('pruned');
await setPin(path, rare, false);
await seal('06', 'other');
say('done');
