/** Verdicts in words. */
import type { Report } from '../../report/schema.ts';
import { functionName, originOf, shortenPath } from './origin.ts';
import { guiltyThread } from './stack.ts';

/**
 * `priceOrder at src/order.ts:42`: where the blamed frame was written, when that was found only after the verdict was; empty when the
 * verdict speaks of it already.
 */
export function writtenWords(report: Report): string {
  const frame = guiltyThread(report)?.frames.find((one) => originOf(one) === 'app');
  if (frame?.original === undefined) return '';
  const { file, line } = frame.original;
  const place = `${shortenPath(file, report.process.cwd)}:${line}`;
  return report.verdict.summary.includes(place) ? '' : `${functionName(frame)} at ${place}`;
}

/** The names of calmVerdicts of the schema; not imported, so that the browser need not carry the schema's validator. */
const calm = ['idle', 'healthy'];

/** True when nothing is wrong. */
export function isCalm(kind: string): boolean {
  return calm.includes(kind);
}

export function confidenceWords(confidence: string): string {
  switch (confidence) {
    case 'certain':
      return 'certain';
    case 'likely':
      return 'likely, not proven';
    default:
      return 'a guess';
  }
}
