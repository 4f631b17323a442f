/**
 * Report to bytes: one MessagePack map, without extensions, so that any MessagePack library reads it. Header
 * fields come first, so that a listing reads a few hundred bytes of a file.
 */
import { Packr } from 'msgpackr';
import { limits } from '../limits.ts';
import type { Report } from '../report/schema.ts';
import { headerKeys } from './decode.ts';
import { copyPlain } from './plain.ts';
import type { CopyBounds } from './plain.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });

/**
 * What is given up when a report would be too large to be read again, in this order. Each step is said in
 * `missing`: a report that is smaller than the truth must not look complete.
 */
const shrinkSteps: readonly (CopyBounds & { readonly lost?: string })[] = [
  {},
  { dropped: ['properties'], lost: 'the insides of values' },
  {
    dropped: ['properties', 'samples', 'timeline', 'breadcrumbs', 'closure'],
    maxElements: 2_000,
    lost: 'the insides of values, closures, samples, and lists beyond 2000 elements',
  },
  {
    dropped: ['properties', 'samples', 'timeline', 'breadcrumbs', 'closure', 'tasks', 'env'],
    maxElements: 50,
    maxStringChars: 2_000,
    lost: 'all but the first 50 elements of each list',
  },
];

/** Writes a report. The bytes decode again: what was too much is left out and named in `missing`. */
export function encodeReport(report: Report): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (const { lost, ...bounds } of shrinkSteps) {
    const missing =
      lost === undefined
        ? report.missing
        : [{ what: lost, reason: 'over-limit: the report was too large' }, ...report.missing];
    const plain = copyPlain(inHeaderOrder({ ...report, missing }), bounds);
    bytes = packr.pack(plain.value);
    if (bytes.length <= limits.maxReportBytes && plain.nodes <= limits.maxReportNodes) {
      break;
    }
  }
  return bytes;
}

function inHeaderOrder(report: Report): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const key of [...headerKeys, 'process' as const]) {
    ordered[key] = report[key];
  }
  return Object.assign(ordered, report);
}
