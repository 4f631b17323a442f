/** Numbers as people say them. A number and its unit are joined by a no-break space, which paint() makes a plain one. */

/** U+00A0: keeps two words on one line. */
export const noBreak = '\u00a0';

/** `4.2 ms`, `7.2 s`, `3 min 5 s`, `2 h 10 min`, `12 d 3 h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) {
    return `${ms}${noBreak}ms`;
  }
  if (ms < 1_000) {
    return `${roundTo(ms, ms < 10 ? 2 : 0)}${noBreak}ms`;
  }
  if (ms < 60_000) {
    return `${roundTo(ms / 1_000, 1)}${noBreak}s`;
  }
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) {
    return pair(minutes, 'min', seconds % 60, 's');
  }
  return hours < 48
    ? pair(hours, 'h', minutes % 60, 'min')
    : pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** `512 B`, `1.5 KiB`, `64 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index++;
  }
  return `${roundTo(value, value < 10 && index > 0 ? 1 : 0)}${noBreak}${units[index] ?? ''}`;
}

/** `1 thread`, `3 threads`. */
export function formatCount(count: number, noun: string): string {
  return `${count}${noBreak}${noun}${count === 1 ? '' : 's'}`;
}

/** `2026-11-23 00:48:31 UTC`; the text itself when it is no time. */
export function formatTime(rfc3339: string): string {
  const time = new Date(rfc3339);
  return Number.isNaN(time.getTime())
    ? rfc3339
    : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const words = small === 0 ? [large, largeUnit] : [large, largeUnit, small, smallUnit];
  return words.join(noBreak);
}

function roundTo(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
