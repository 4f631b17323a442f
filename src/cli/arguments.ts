/** Command-line words to numbers. Each parser is a commander argument parser: a wrong word is a usage error. */
import { InvalidArgumentError, Option } from 'commander';
import { QuantityError, readDuration, readSize } from '../quantity.ts';

/**
 * `500ms`, `5s`, `1.5m`, `2h`, `30d`.
 * @returns milliseconds, more than 0 and short enough for a timer unless the unit is days
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parseDuration(text: string): number {
  return refusing(() => readDuration(text));
}

/**
 * `4096B`, `64MiB`, `1.5GiB`.
 * @returns bytes, whole and more than 0
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parseSize(text: string): number {
  return refusing(() => readSize(text));
}

/**
 * A process id.
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parsePid(text: string): number {
  // The kernel's largest pid is 2^22.
  if (!/^[1-9]\d{0,6}$/.test(text) || Number(text) > 2 ** 22) {
    throw new InvalidArgumentError(`A process id is a whole number from 1 to ${2 ** 22}.`);
  }
  return Number(text);
}

/**
 * A whole number from 1.
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new InvalidArgumentError('Give a whole number from 1.');
  }
  return Number(text);
}

/**
 * A moment: an age (`2h`, `30d`), or RFC 3339, its seconds, time or zone left away (then UTC).
 * @returns milliseconds since 1970
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parseTime(text: string): number {
  if (/^\d+(\.\d+)?\s?[a-z]+$/i.test(text)) return Date.now() - parseDuration(text);
  const isMoment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  const hasZone = /(Z|[+-]\d\d:\d\d)$/.test(text) && text.includes('T');
  const time = isMoment ? Date.parse(text.includes('T') && !hasZone ? `${text}Z` : text) : NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError(
      'Write an age (2h, 30d) or a moment in UTC (2026-11-23, 2026-11-23T00:48).',
    );
  }
  return time;
}

/**
 * A whole number from 0.
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parseNumber(text: string, largest: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) > largest) {
    throw new InvalidArgumentError(`Give a whole number from 0 to ${largest}.`);
  }
  return Number(text);
}

/** `--archive DIR`, the same on every command that has it. */
export function archiveOption(): Option {
  return new Option(
    '--archive <dir>',
    'where reports are kept (default: SLEEPER_ARCHIVE, /var/lib/sleeper for root, else $XDG_STATE_HOME/sleeper)',
  );
}

/** `--source-map-dir DIR`, the same on every command that has it. */
export function sourceMapOption(): Option {
  return new Option(
    '--source-map-dir <dir>',
    'source maps of the program, laid out like it or all in one directory, for files that have none beside them',
  ).env('SLEEPER_SOURCE_MAP_DIR');
}

function refusing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof QuantityError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
