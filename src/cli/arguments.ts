/** Command-line words to numbers. Each parser is a commander argument parser: a wrong word is a usage error. */
import { InvalidArgumentError, Option } from 'commander';

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * `500ms`, `5s`, `1.5m`, `2h`, `30d`.
 * @returns milliseconds, more than 0 and short enough for a timer unless the unit is days
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parseDuration(text: string): number {
  return parseQuantity(text, durationUnits, 'a duration', '500ms, 5s, 2m');
}

/**
 * `4096B`, `64MiB`, `1.5GiB`.
 * @returns bytes, whole and more than 0
 * @throws InvalidArgumentError of commander: exit status 2
 */
export function parseSize(text: string): number {
  return Math.round(parseQuantity(text, sizeUnits, 'a size', '512KiB, 64MiB, 2GiB'));
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

/** `--archive DIR`, the same on every command that has it. */
export function archiveOption(): Option {
  return new Option(
    '--archive <dir>',
    'where reports are kept (default: SLEEPER_ARCHIVE, /var/lib/sleeper for root, else $XDG_STATE_HOME/sleeper)',
  );
}

function parseQuantity(
  text: string,
  units: Readonly<Record<string, number>>,
  what: string,
  examples: string,
): number {
  const match = /^(\d+(?:\.\d+)?)\s?([A-Za-z]*)$/.exec(text);
  const unit = match?.[2] ?? '';
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (match === null || factor === undefined) {
    const hint = match !== null && unit === '' ? `${text} of what? ` : '';
    throw new InvalidArgumentError(`${hint}Write ${what} with its unit: ${examples}.`);
  }
  const quantity = Number(match[1]) * factor;
  if (!(quantity > 0)) {
    throw new InvalidArgumentError('It must be more than 0.');
  }
  return quantity;
}
