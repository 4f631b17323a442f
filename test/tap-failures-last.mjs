/**
 * TAP as node writes it, with what failed told once more before the plan: in a log of 1,750 tests, of which one often sees
 * only the end, a failure's words would be lost.
 */
import { tap } from 'node:test/reporters';

/** One assertion's difference of two reports fills pages. */
const longestText = 1_500;

export default async function* tapFailuresLast(source) {
  const failed = [];
  async function* noting() {
    for await (const event of source) {
      if (event.type === 'test:fail') failed.push(event.data);
      yield event;
    }
  }
  for await (const text of tap(noting())) {
    if (text.startsWith('1..')) yield failed.map(tell).join('');
    yield text;
  }
}

function tell({ name, file, details: { error, duration_ms: ms } }) {
  const words = String(error.cause?.stack ?? error.cause ?? error.message).slice(0, longestText);
  const lines = [`FAILED ${name} (${file}, ${Math.round(ms)} ms)`, ...words.split('\n')];
  return lines.map((line) => `# ${line}\n`).join('');
}
