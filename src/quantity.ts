/** Durations and sizes as people write them, on the command line and in files. */

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

/** A quantity that makes no sense; the message says what would. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

/** `500ms`, `5s`, `1.5m`, `2h`, `30d`. @returns milliseconds, more than 0 @throws QuantityError */
export function readDuration(text: string): number {
  return readQuantity(text, durationUnits, 'a duration', '500ms, 5s, 2m');
}

/** `4096B`, `64MiB`, `1.5GiB`. @returns bytes, whole and more than 0 @throws QuantityError */
export function readSize(text: string): number {
  return Math.round(readQuantity(text, sizeUnits, 'a size', '512KiB, 64MiB, 2GiB'));
}

function readQuantity(
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
    throw new QuantityError(`${hint}Write ${what} with its unit: ${examples}.`);
  }
  const quantity = Number(match[1]) * factor;
  if (!(quantity > 0)) throw new QuantityError('It must be more than 0.');
  return quantity;
}
