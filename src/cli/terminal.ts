/** The one place that looks at NO_COLOR, FORCE_COLOR, COLUMNS and the stream; everybody else gets plain options. */

/** How to print for the reader of a stream. */
export interface Terminal {
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** Columns to fill. */
  readonly width: number;
}

/** The width of tables: what goes into a pipe is not cut, or nobody could search for it, unless COLUMNS is given. */
export function describeTable(
  stream: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const terminal = describeTerminal(stream, env);
  const isCut = terminal.isTerminal || (env['COLUMNS'] ?? '') !== '';
  return isCut ? terminal : { ...terminal, width: maxWidth };
}

/** What is asked of a stream: `process.stdout` fits. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const defaultWidth = 80;
const minWidth = 40;
const maxWidth = 1_000;

/**
 * Decides how to print. FORCE_COLOR (but `0` and `false`) beats NO_COLOR, as in Node itself; NO_COLOR beats the
 * terminal. Without a terminal lines are COLUMNS wide, or 80.
 */
export function describeTerminal(
  stream: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isTerminal = stream.isTTY === true;
  const columns = isTerminal ? stream.columns : Number.parseInt(env['COLUMNS'] ?? '', 10);
  const width = columns === undefined || !(columns > 0) ? defaultWidth : columns;
  return {
    isTerminal,
    color: wantsColor(isTerminal, env),
    width: Math.min(Math.max(width, minWidth), maxWidth),
  };
}

function wantsColor(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) {
    return forced !== '0' && forced !== 'false';
  }
  const refused = env['NO_COLOR'];
  return isTerminal && (refused === undefined || refused === '') && env['TERM'] !== 'dumb';
}
