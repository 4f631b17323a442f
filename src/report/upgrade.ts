/**
 * Old reports in the shape of today. One step for each format version that changed a field; behind these everybody knows
 * only the newest format. What a step may not do: invent. A fact that the old format did not hold stays absent.
 * `test/formats/` holds real files of every version. Pure.
 */
import { formatVersion, minReaderVersion } from './schema.ts';

/** A report before validation: anything may stand anywhere. */
type Fields = Record<string, unknown>;

/** Step `n` makes of a report in format `n` one in format `n + 1`, in place. */
const steps: Readonly<Record<number, (report: Fields) => void>> = {
  // Two looks at the main thread alone became looks at any threads, and told the system call by one name.
  1: (report) => {
    if (Array.isArray(report['samples'])) {
      report['samples'] = (report['samples'] as unknown[]).filter(isRecord).map(groupSample);
    }
  },
};

/**
 * Brings the decoded fields of a report to the newest format. A report of a newer format, or without a version, is left as it
 * is: validation says what is wrong with it.
 * @param fields changed in place
 */
export function upgradeReport(fields: Fields): void {
  const written = fields['formatVersion'];
  if (typeof written !== 'number' || !Number.isInteger(written) || written < 1) return;
  if (written >= formatVersion) return;
  for (let version = written; version < formatVersion; version++) steps[version]?.(fields);
  fields['formatVersion'] = formatVersion;
  fields['minReaderVersion'] = minReaderVersion;
}

/** `{ tid, atMs, state, call, cpuMs }` to `{ atMs, threads: [{ tid, state, call, cpuMs, frames }] }`. */
function groupSample(sample: Fields): Fields {
  const { atMs, ...thread } = sample;
  if (Array.isArray(sample['threads'])) return sample;
  return { atMs, threads: [{ ...thread, frames: [] }] };
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
