/** Keeps one report, in the fallback place if it must. Prints what became of it as one line of JSON. `node keeper.js DIR` */
import { factsOf } from '#dist/archive/facts.js';
import { openArchive } from '#dist/archive/store.js';
import { encodeSections } from '#dist/encode/encode.js';
import { SleeperError } from '#dist/errors.js';
import { report } from '../view/parts.ts';

const [directory = ''] = process.argv.slice(2);
const sample = report();
let answer: Record<string, unknown>;
try {
  const kept = await openArchive(directory).keep(() => encodeSections(sample), factsOf(sample), {
    fallback: true,
  });
  answer = { path: kept.path, refusals: kept.refusals.map(({ message }) => message) };
} catch (error) {
  if (!(error instanceof SleeperError)) throw error;
  answer = { code: error.code, message: error.message };
}
process.stdout.write(`${JSON.stringify(answer)}\n`);
